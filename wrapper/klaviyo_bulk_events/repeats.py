"""Finds events that come again, within a window of keys."""

from collections.abc import Hashable
from enum import Enum


class Repeat(Enum):
    """How an event repeats an earlier one that had its key."""

    SAME_CONTENT = "same content"
    OTHER_CONTENT = "other content"


class Repeats:
    """Remembers the newest `window` keys, each with a fingerprint of its content.

    A key that has left the window counts as new: memory stays bounded, and the server is the next
    to notice.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._fingerprints: dict[Hashable, int] = {}

    def note(self, key: Hashable, content: bytes) -> Repeat | None:
        """How this key was there before; None if it is new, and then it is remembered."""
        before = self._fingerprints.get(key)
        if before is None:
            self._remember(key, hash(content))
            return None
        return Repeat.SAME_CONTENT if before == hash(content) else Repeat.OTHER_CONTENT

    def _remember(self, key: Hashable, fingerprint: int) -> None:
        self._fingerprints[key] = fingerprint
        if len(self._fingerprints) > self._window:
            del self._fingerprints[next(iter(self._fingerprints))]
