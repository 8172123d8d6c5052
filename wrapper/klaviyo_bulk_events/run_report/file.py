"""Writing a report: whole or not at all, and over nothing but a report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from klaviyo_bulk_events import private_files
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.run_report.data import KIND
from klaviyo_bulk_events.run_report.page import page

_PAGES: Final = frozenset({".html", ".htm"})
_BEGINNING: Final = 1_000
"""Bytes of a report within which it says what it is."""


def check_target(path: Path) -> None:
    """Raises ConfigurationError for a file that can't be written, or is there and is no report.

    A report, and a file without content, may be written over.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        if _is_device(path) or path.is_file():
            _check_file(path)
        else:
            _try_folder(path)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from None


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Write the report as a page if the file's name says so, or else as JSON. Raises OSError.

    One with personal data may be read by the user alone.
    """
    if path.suffix.lower() in _PAGES:
        content = page(document)
    else:
        content = orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
    if _is_device(path):
        path.write_bytes(content)
        return
    with private_files.replacing(path.resolve(), private=document["shows_values"]) as file:
        file.write(content)


def _is_device(path: Path) -> bool:
    """Whether there is something that must not be replaced, such as /dev/stdout."""
    return path.exists() and not path.is_file()


def _check_file(path: Path) -> None:
    if _is_device(path):
        path.open("ab").close()
        return
    with path.open("r+b") as file:
        beginning = file.read(_BEGINNING)
    if beginning.strip() and KIND.encode() not in beginning:
        raise ConfigurationError(
            f"{path} is there and is no report of a run: name another file, or delete it"
        )
    _try_folder(path)


def _try_folder(path: Path) -> None:
    half = private_files.half_of(path.resolve())
    private_files.create(half)
    half.unlink()
