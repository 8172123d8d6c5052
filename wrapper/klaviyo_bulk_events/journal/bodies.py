"""The bodies of requests, from before they are sent until they are settled.

They stand in slots of a file beside the database, and the slots are used again: written once, in
place, a body costs a tenth of what it would inside SQLite, whose log would see it four times.
"""

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from attrs import frozen

from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal.files import beside, open_private, written

_SLOT: Final = 10_000_000
"""Bytes: a request's most are 5,000,000, and beside it stands what is known of its events."""
_ZEROS: Final = memoryview(bytes(1 << 20))
# Where there is one, it spares the file's times.
_sync: Final = getattr(os, "fdatasync", os.fsync)


@frozen
class Slot:
    """Where a body stands with what is told of it, and how long they are."""

    number: int
    body: int
    told: int


class Bodies:
    """The slots, of which these are in use. Raises JournalError for a full disk."""

    def __init__(self, path: Path, used: Iterable[int]) -> None:
        self._journal = path
        self._path = beside(path, "bodies")
        self._file = open_private(self._path)
        self._used = set(used)
        self._lock = threading.Lock()

    def write(self, body: bytes, told: bytes) -> Slot:
        """Put them into a free slot; they are on disk when this returns."""
        if len(body) + len(told) > _SLOT:
            raise JournalError(f"a request of {len(body):,} bytes fits no slot of the journal")
        with self._lock, written(self._journal):
            number = next(n for n in range(len(self._used) + 1) if n not in self._used)
            self._used.add(number)
            try:
                self._put(number, body, told)
                _sync(self._file.fileno())
            except OSError:
                self._used.discard(number)
                raise
        return Slot(number, len(body), len(told))

    def read(self, slot: Slot) -> tuple[bytes, bytes]:
        """What stands in a slot."""
        with self._lock:
            self._file.seek(slot.number * _SLOT)
            return self._file.read(slot.body), self._file.read(slot.told)

    def free(self, slot: Slot) -> None:
        """Nobody needs the slot any more: zeros take its place."""
        with self._lock:
            whole, rest = divmod(slot.body + slot.told, len(_ZEROS))
            self._put(slot.number, *[_ZEROS] * whole, _ZEROS[:rest])
            self._used.discard(slot.number)

    def _put(self, number: int, *parts: bytes | memoryview) -> None:
        self._file.seek(number * _SLOT)
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[self._file.write(view) :]

    def close(self) -> None:
        """Close the file, and remove it if no slot is in use."""
        self._file.close()
        if not self._used:
            self._path.unlink(missing_ok=True)
