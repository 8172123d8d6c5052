"""The trail of a run: of every record that was read its fingerprint, and of every event its key.

By the fingerprints a source is known again; by the keys repeats are found over the whole run.
"""

import sys
from array import array
from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import chain
from typing import Final

from klaviyo_bulk_events.encoder import Key
from klaviyo_bulk_events.journal.fingerprints import numbers, of_contents
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.repeats import Repeat

# A key itself takes some 70 bytes more. Its hash is good for this process, which alone asks; one of
# 32 bits is too short to stand for it.
_short: Final[Callable[[Key], Hashable]] = hash if sys.hash_info.width >= 64 else str


class Trail:
    """Remembers every record's fingerprint, and for every event's key which record had it first.

    Fingerprints are on disk, too: a row of the database covers the records since the row before it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._prints = array("I")
        # Events whose fingerprints are still to be taken: for many at once that costs half.
        self._contents: list[bytes] = []
        self._openings: list[bytes] = []
        self._covered = 0
        self._no_events = array("Q")
        self._first: dict[Hashable, int] = {}
        self.row: int = store.rows("SELECT coalesce(max(number), 0) FROM trail")[0][0]

    def note(self, key: Key, data: bytes, opening: bytes, /) -> Repeat | None:
        """How the event repeats an earlier one; None if it is new, and then it is remembered."""
        position = len(self._prints) + len(self._contents)
        self._contents.append(data)
        self._openings.append(opening)
        first = self._first.setdefault(_short(key), position)
        return None if first == position else self._repeat(first, position)

    def note_rejected(self, fingerprint: int) -> None:
        """Remember a record that became no event."""
        prints = self._taken()
        self._no_events.append(len(prints))
        prints.append(fingerprint)

    def recall(self, fingerprint: int, key: Key | None) -> None:
        """Remember the next of the records that are covered; `key` if it is an event."""
        if key is not None:
            self._first.setdefault(_short(key), len(self._prints))
        self._prints.append(fingerprint)
        self._covered = len(self._prints)

    def _repeat(self, first: int, position: int) -> Repeat:
        self._no_events.append(position)
        prints = self._taken()
        is_same = prints[first] == prints[position]
        return Repeat.SAME_CONTENT if is_same else Repeat.OTHER_CONTENT

    def _taken(self) -> "array[int]":
        """The fingerprints of all records that were noted."""
        if self._contents:
            self._prints.extend(of_contents(self._contents, self._openings))
            self._contents.clear()
            self._openings.clear()
        return self._prints

    @property
    def noted(self) -> int:
        """How many records were noted that no row covers yet."""
        return len(self._prints) + len(self._contents) - self._covered

    @property
    def has_events(self) -> bool:
        """Whether there is an event among them."""
        return len(self._no_events) < self.noted

    def save(self, count: int, reached: int) -> None:
        """Cover the first records that were noted with the next row, inside a transaction."""
        prints = self._taken()[self._covered : self._covered + count]
        row = (self.row + 1, reached, prints.tobytes())
        self._store.execute("INSERT INTO trail VALUES(?, ?, ?)", row)

    def saved(self, count: int) -> None:
        """The transaction is complete."""
        self._covered += count
        self._no_events = array("Q", (at for at in self._no_events if at >= self._covered))
        self.row += 1


def fingerprints(store: Store) -> Iterator[int]:
    """Those of all records that are covered, in their order."""
    return chain.from_iterable(
        numbers(packed) for _, packed in store.each("trail", "number, contents", "number")
    )


def fingerprints_of(store: Store, row: int) -> Mapping[int, int]:
    """Those of the records that a row covers, by their positions."""
    found = store.rows("SELECT reached, contents FROM trail WHERE number = ?", (row,))
    if not found:
        return {}
    reached, prints = found[0][0], numbers(found[0][1])
    return dict(zip(range(reached - len(prints), reached), prints, strict=True))
