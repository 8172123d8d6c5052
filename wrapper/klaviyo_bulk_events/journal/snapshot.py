"""Records of a source that can be read only once, written down before anything is sent."""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from klaviyo_bulk_events import private_files
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal.files import beside
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.problems import Problem

_TAG: Final = "$"
_WRITTEN: Final[dict[type, Any]] = {
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    Decimal: str,
    UUID: str,
    bytes: lambda value: base64.b64encode(value).decode(),
}
_READ: Final[dict[str, Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "Decimal": Decimal,
    "UUID": UUID,
    "bytes": base64.b64decode,
}


def path_of(journal: Path) -> Path:
    """Where the snapshot of a journal's source stands."""
    return beside(journal, "snapshot")


def half_of(journal: Path) -> Path:
    """Where a snapshot stands until it is complete; one that is left there counts for nothing."""
    return beside(journal, "snapshot-half")


def write(records: Iterable[Sourced], journal: Path) -> None:
    """Write all records down, for their owner only.

    It counts once it is complete; whatever ends it before then, nothing of it stays.
    """
    half = half_of(journal)
    try:
        with (
            private_files.replacing(path_of(journal), half) as file,
            gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed,
        ):
            packed.writelines(map(_line, records))
    except OSError as error:
        raise JournalError(f"the source can't be written to {half}: {error.strerror}") from None


class SnapshotSource:
    """The records that were written down, in their order."""

    def __init__(self, journal: Path) -> None:
        self.name = str(path_of(journal))
        self._path = path_of(journal)

    def __iter__(self) -> Iterator[Sourced]:
        try:
            with gzip.open(self._path) as file:
                yield from map(_record, file)
        except (OSError, EOFError, ValueError) as error:
            raise JournalError(f"the snapshot {self._path} is damaged: {error}") from None

    def share(self) -> float | None:
        """Not known."""
        return None


def _line(item: Sourced) -> bytes:
    problems = [item.problem, *item.others] if item.problem else []
    told = [[problem.pointer, problem.code, problem.message] for problem in problems]
    return json.dumps([_plain(item.record), item.origin, told]).encode() + b"\n"


def _record(data: bytes) -> Sourced:
    record, origin, told = json.loads(data)
    problems = (Problem(*problem) for problem in told)
    return Sourced(_restored(record), origin, next(problems, None), tuple(problems))


def _plain(value: Any) -> Any:
    """The value as JSON, with what JSON can't say in objects with a single marked key."""
    if isinstance(value, Mapping):
        if all(type(key) is str and not key.startswith(_TAG) for key in value):
            return {key: _plain(item) for key, item in value.items()}
        return {f"{_TAG}map": [[_plain(key), _plain(item)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    write = _WRITTEN.get(type(value))
    if write is not None:
        return {_TAG + type(value).__name__: write(value)}
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = next(iter(value), "")
    if len(value) == 1 and tag.startswith(_TAG):
        if tag == f"{_TAG}map":
            return {_restored(key): _restored(item) for key, item in value[tag]}
        return _READ[tag.removeprefix(_TAG)](value[tag])
    return {key: _restored(item) for key, item in value.items()}
