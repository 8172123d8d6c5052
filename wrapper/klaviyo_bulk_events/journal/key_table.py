"""Keys of which there are many, each with the record that had it first, for one session."""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zlib import crc32

from klaviyo_bulk_events.encoder import Key
from klaviyo_bulk_events.journal.files import mapped, written

_SLOTS: Final = 1 << 21
_WIDTH: Final = 16
"""Bytes of a slot: the key's number, 0 in a free one, and beside it the record's position."""


class KeyTable:
    """A hash table with 64 bits of every key, open-addressed.

    Parts are half full at most, and each has twice the slots of the one before it. The first is in
    memory, the others in files without a name, which are gone with the process: they are mapped, so
    that the system may take their pages out of memory.
    """

    def __init__(self, journal: Path, known: Mapping[Key, int], slots: int = _SLOTS) -> None:
        self._journal = journal
        self._slots = slots
        self._room = 0
        self._parts: list[tuple[memoryview[int], int]] = []
        self.make_room()
        for key, position in known.items():
            self.setdefault(key, position)
            self.make_room()

    def make_room(self) -> None:
        """Have slots for as many keys again, if the last part is half full.

        Must be called before it is whole. Raises JournalError for a full disk.
        """
        if self._room > 0:
            return
        slots = self._slots << len(self._parts)
        size = slots * _WIDTH
        part = self._in_file(size) if self._parts else memoryview(bytearray(size))
        # The mask makes of any number the place of a slot's first half.
        self._parts.append((part.cast("q"), 2 * slots - 2))
        self._room = slots // 2

    def _in_file(self, size: int) -> memoryview:
        folder = self._journal.parent
        with written(self._journal), tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            return mapped(file, size)

    def setdefault(self, key: Key, position: int) -> int:
        """The position that was given with this key first; from now on this one, if none was."""
        number = _number(key) or 1
        for slots, mask in self._parts:
            at = number & mask
            while found := slots[at]:
                if found == number:
                    return slots[at + 1]
                at = at + 2 & mask
        slots[at] = number
        slots[at + 1] = position
        self._room -= 1
        return position


def _wide(key: Key) -> int:
    return hash(key) << 32 | crc32(key.encode())


# The text knows its hash already, and only this process asks. One of 32 bits is too short.
_number: Final = hash if sys.hash_info.width >= 64 else _wide
