"""Finds events that come again, within a window of keys."""

from collections.abc import Hashable
from enum import Enum
from typing import Protocol

from klaviyo_bulk_events.encoder import Key


class Repeat(Enum):
    """How an event repeats an earlier one that had its key, or that it is to be passed over."""

    SAME_CONTENT = "same content"
    OTHER_CONTENT = "other content"
    FORGOTTEN = "forgotten"


class Memory(Protocol):
    """Remembers events by their keys, as long as it can."""

    def note(self, key: Key, data: bytes, opening: bytes, /) -> Repeat | None:
        """How an event repeats an earlier one; None if it is new, and then it is remembered.

        FORGOTTEN, whether it is new or not, if its profile is one to forget.
        """


class Repeats:
    """Remembers at least the newest `window` keys, each with a fingerprint of its content.

    A key that was forgotten counts as new: memory stays bounded, and the server is the next to
    notice. Keys are kept in two generations, of which the older is dropped whole: to delete the
    oldest key of one dict, Python searches past all that were deleted before it.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._newer: dict[Hashable, int] = {}
        self._older: dict[Hashable, int] = {}

    def note(self, key: Hashable, *content: bytes) -> Repeat | None:
        """How this key was there before; None if it is new, and then it is remembered.

        `content` is all that two events with one key must share to be the same.
        """
        fingerprint = hash(content)
        before = self._newer.get(key)
        if before is None:
            before = self._older.get(key)
        if before is not None:
            return Repeat.SAME_CONTENT if before == fingerprint else Repeat.OTHER_CONTENT
        if len(self._newer) >= self._window:
            self._older, self._newer = self._newer, {}
        if self._window:
            self._newer[key] = fingerprint
        return None
