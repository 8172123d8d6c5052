"""Which kind of source a file is."""

import os
from collections.abc import Callable, Iterable
from typing import Final, Literal, TypeAlias

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.sources.csv_table import CsvSource
from klaviyo_bulk_events.sources.json_lines import JsonLinesSource
from klaviyo_bulk_events.sources.lines import Lines
from klaviyo_bulk_events.sources.rules import Rules
from klaviyo_bulk_events.sources.source import Source
from klaviyo_bulk_events.sources.sql import parquet_source
from klaviyo_bulk_events.sources.streams import STDIN

Format: TypeAlias = Literal["jsonl", "csv", "parquet"]
_SUFFIXES: Final[dict[str, Format]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
}
_TEXT: Final[dict[Format, Callable[[Lines, Rules], Source]]] = {
    "jsonl": JsonLinesSource,
    "csv": CsvSource,
}
_COMPRESSED: Final = (".gz", ".zst")


def open_files(
    paths: Iterable[str],
    rules: Rules,
    *,
    timezone: str | None = None,
    form: Format | None = None,
) -> list[Source]:
    """The files as sources, in their order; `-` is standard input.

    `form` is what the files are, whatever their names say; standard input is CSV unless it starts
    as JSON does. Raises one ConfigurationError with all that is wrong with any of them.
    """
    sources: list[Source] = []
    faults: list[str] = []
    for path in paths:
        try:
            sources.append(_open(path, rules, timezone, form))
        except ConfigurationError as error:
            faults.append(str(error))
    if faults:
        raise ConfigurationError("\n".join(faults))
    return sources


def _open(path: str, rules: Rules, timezone: str | None, form: Format | None) -> Source:
    if os.path.isdir(path):
        example = os.path.join(path, "*.csv")
        raise ConfigurationError(f"{path} is a directory: name the files in it, like {example}")
    form = form or _form_by_name(path)
    if form == "parquet":
        return parquet_source(path, rules, timezone=timezone)
    lines = Lines(path, "stdin" if path == STDIN else path)
    try:
        return _TEXT[form or _form_by_start(lines.start)](lines, rules)
    except ConfigurationError:
        lines.close()
        raise


def _form_by_start(start: bytes) -> Format:
    return "jsonl" if start.lstrip()[:1] in (b"{", b"[") else "csv"


def _form_by_name(path: str) -> Format | None:
    if path == STDIN:
        return None
    stem, suffix = os.path.splitext(path.lower())
    if suffix in _COMPRESSED:
        suffix = os.path.splitext(stem)[1]
    if suffix not in _SUFFIXES:
        known = ", ".join(_SUFFIXES)
        raise ConfigurationError(
            f"what {path} holds can't be told from its name: "
            f"it should end in {known} (text also with .gz or .zst), or say --format"
        )
    return _SUFFIXES[suffix]
