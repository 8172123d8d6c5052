"""A few bytes that outlive their process, however it ends, for the price of copying them."""

import struct
from contextlib import suppress
from pathlib import Path
from typing import Final
from zlib import crc32

from klaviyo_bulk_events.journal.files import beside, mapped, open_private, written

_HALF: Final = 1 << 16
_HEAD: Final = struct.Struct("<III")


class MappedNote:
    """Two notes in a mapped file, written by turns: whenever the process ends, one is whole.

    Writing asks nothing of the system, which has the file's pages also when the process is gone,
    but maybe not when the host is. Each note has a head: its turn, its length, and a checksum.
    """

    def __init__(self, journal: Path, name: str) -> None:
        """Raises JournalError."""
        self._path = beside(journal, name)
        with open_private(self._path) as file, written(journal):
            self._map = mapped(file, 2 * _HALF)
        self._turn, self._latest = max(self._half(0), self._half(_HALF))

    def _half(self, start: int) -> tuple[int, bytes]:
        """The turn and content of a note; 0 if it isn't whole."""
        turn, length, checksum = _HEAD.unpack_from(self._map, start)
        begin = start + _HEAD.size
        content = self._map[begin : begin + min(length, _HALF)].tobytes()
        return (turn, content) if crc32(content, turn) == checksum else (0, b"")

    def read(self) -> bytes:
        """What was written last, before it was opened; nothing if it never was."""
        return self._latest

    def write(self, content: bytes) -> bool:
        """Whether it could be written: it has to be short."""
        length = len(content)
        if length > _HALF - _HEAD.size:
            return False
        self._turn += 1
        start = self._turn % 2 * _HALF
        begin = start + _HEAD.size
        self._map[begin : begin + length] = content
        self._map[start:begin] = _HEAD.pack(self._turn, length, crc32(content, self._turn))
        return True

    def close(self, *, remove: bool) -> None:
        """Let go of the file."""
        self._map.release()
        if remove:
            with suppress(OSError):  # one that stays does no harm
                self._path.unlink(missing_ok=True)
