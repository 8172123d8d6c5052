"""What a command may write over: nothing that it reads or keeps, and else only its own kind."""

import glob
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from klaviyo_bulk_events.cli.rejects import check_rejects
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.references import references_in
from klaviyo_bulk_events.run_report.file import check_target
from klaviyo_bulk_events.sources.streams import STDIN

_READ: Final = ("map_file", "api_key_file", "accounts")
_SQLITE: Final = "sqlite:///"
_WORDS: Final = re.compile(r"'((?:[^']|'')*)'|\"((?:[^\"]|\"\")*)\"|([\w./-]+)")
"""Of a query: what is quoted may be a file or a pattern of files, any other word a file."""


def check_outputs(options: Mapping[str, Any]) -> None:
    """Raises click.UsageError and ConfigurationError for outputs that can't or mustn't be.

    To be called before anything is opened.
    """
    rejects, report = options["rejects"], options["report"]
    if report is None and options["show_values"]:
        raise click.UsageError("--show-values is for --report")
    outputs = {"--rejects": rejects, "--report": report}
    given = {option: path for option, path in outputs.items() if path is not None}
    for option, path in given.items():
        _check_kept(option, path, options)
    if len(given) == len(outputs) and _are_one(rejects, report):
        raise click.UsageError(f"--rejects and --report can't both be written to {report}")
    for option, path in given.items():
        _check_read(option, path, options)
    if rejects is not None:
        check_rejects(rejects)
    if report is not None:
        check_target(report)


def check_no_journal(path: Path, journal: Path) -> None:
    """Raises ConfigurationError for an output that is a file of the journal it is made from."""
    from klaviyo_bulk_events.journal.files import all_of

    if any(_are_one(path, file) for file in all_of(journal)):
        raise ConfigurationError(f"{path} is a file of the journal {journal}: name another file")


def _check_kept(option: str, path: Path, options: Mapping[str, Any]) -> None:
    for keeper, file in _kept(options):
        if _are_one(path, file):
            raise click.UsageError(f"{option} and {keeper} can't both be written to {path}")


def _kept(options: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """The files in which a run keeps what it needs, and the options they are for."""
    journal, limiter = options.get("journal"), options.get("limiter", "")
    # SQLite is not for those who need none.
    if journal is not None:
        from klaviyo_bulk_events.journal.files import all_of

        yield from (("--journal", file) for file in all_of(journal))
    if limiter.startswith(_SQLITE):
        from klaviyo_bulk_events.shared_places.sqlite import path_of

        yield "--limiter", path_of(limiter)


def _are_one(one: Path, other: Path) -> bool:
    """Whether the paths are of one file, there or not; a device takes in both."""
    if one.exists() and other.exists():
        return one.is_file() and one.samefile(other)
    return one.resolve() == other.resolve()


def _check_read(option: str, path: Path, options: Mapping[str, Any]) -> None:
    if not path.is_file():
        return
    for name in _read(options):
        if _is_of(path, name):
            told = path if name == STDIN else name
            raise ConfigurationError(f"{option} would overwrite {told}, which is being read")


def _is_of(path: Path, name: str) -> bool:
    try:
        return os.path.samestat(path.stat(), os.stat(0 if name == STDIN else name))
    except (OSError, ValueError):
        return False


def _read(options: Mapping[str, Any]) -> Iterator[str]:
    """The files that a run reads, and what may be the name of one."""
    yield from options["source"]
    yield from options["attach"]
    yield from (str(options[name]) for name in _READ if options.get(name) is not None)
    if options.get("accounts") is not None:
        yield from _keys_of(options["accounts"])
    if options["sql"] is not None:
        yield from _named_in(options["sql"])


def _keys_of(accounts: Path) -> Iterator[str]:
    for reference in references_in(accounts).values():
        if isinstance(reference, str) and reference.startswith("file:"):
            yield reference.removeprefix("file:")


def _named_in(query: str) -> Iterator[str]:
    for text, name, word in _WORDS.findall(query):
        yield word
        quoted = text.replace("''", "'") or name.replace('""', '"')
        yield from glob.iglob(os.path.expanduser(quoted), recursive=True)
