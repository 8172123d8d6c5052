"""A few bytes that outlive their process, however it ends, for the price of copying them."""

import struct
from pathlib import Path
from typing import Final

from klaviyo_bulk_events.journal.files import mapped, open_private

_HALF: Final = 1 << 16
_HEAD: Final = struct.Struct("<II")


class MappedNote:
    """Two notes in a mapped file, written by turns: whenever the process ends, one is whole.

    Writing asks nothing of the system, which has the file's pages also when the process is gone,
    but maybe not when the host is. Each note has a head: its turn and its length.
    """

    def __init__(self, path: Path) -> None:
        """Raises JournalError."""
        with open_private(path) as file:
            self._map = mapped(file, 2 * _HALF, path)
        self._turn = max(self._head(0)[0], self._head(_HALF)[0])

    def _head(self, start: int) -> tuple[int, int]:
        turn, length = _HEAD.unpack_from(self._map, start)
        return turn, length

    def read(self) -> bytes:
        """What was written last; after the end of the host maybe something else."""
        start = max((0, _HALF), key=self._head)
        begin = start + _HEAD.size
        return self._map[begin : begin + min(self._head(start)[1], _HALF)].tobytes()

    def write(self, content: bytes) -> bool:
        """Whether it could be written: it has to be short."""
        length = len(content)
        if length > _HALF - _HEAD.size:
            return False
        self._turn += 1
        start = self._turn % 2 * _HALF
        begin = start + _HEAD.size
        self._map[begin : begin + length] = content
        # At once, and last: until then it is the other note that counts.
        self._map[start:begin] = _HEAD.pack(self._turn, length)
        return True

    def close(self) -> None:
        """Let go of the file."""
        self._map.release()
