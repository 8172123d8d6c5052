"""The trail of a run: of every record that was read its fingerprint, and of every event its key.

By the fingerprints a source is known again; by the keys repeats are found over the whole run.
"""

from array import array
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from klaviyo_bulk_events.encoder import Key
from klaviyo_bulk_events.journal.fingerprints import numbers, of_content
from klaviyo_bulk_events.journal.old_keys import OldKeys
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.repeats import Repeat

_RECENT: Final = 1 << 16


class Trail:
    """Remembers every record: its fingerprint on disk, and an event's key with it in memory.

    A row of the database covers the records since the row before it. Keys are in two generations,
    of which the older becomes `OldKeys` when the newer is full.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._prints = array("I")
        self._are_events: list[bool] = []
        self._newer: dict[Key, int] = {}
        self._older: dict[Key, int] = {}
        self._old: OldKeys | None = None
        self.row: int = store.rows("SELECT coalesce(max(number), 0) FROM trail")[0][0]

    def note(self, key: Key, data: bytes, opening: bytes, /) -> Repeat | None:
        """How the event repeats an earlier one; None if it is new, and then it is remembered."""
        content = of_content(data, opening)
        repeat = self._remember(key, content)
        self._prints.append(content)
        self._are_events.append(repeat is None)
        return repeat

    def note_rejected(self, fingerprint: int) -> None:
        """Remember a record that became no event."""
        self._prints.append(fingerprint)
        self._are_events.append(False)

    def recall(self, key: Key, fingerprint: int) -> None:
        """Remember an event that a session before has read."""
        self._remember(key, fingerprint)
        self.make_room()

    def _remember(self, key: Key, content: int) -> Repeat | None:
        before = self._newer.get(key)
        if before is None:
            before = self._older.get(key)
        if before is None and self._old is not None:
            before = self._old.content_of(key)
        if before is None:
            self._newer[key] = content
            return None
        return Repeat.SAME_CONTENT if before == content else Repeat.OTHER_CONTENT

    @property
    def noted(self) -> int:
        """How many records were noted that no row covers yet."""
        return len(self._prints)

    @property
    def has_events(self) -> bool:
        """Whether there is an event among them."""
        return any(self._are_events)

    def save(self, count: int, reached: int) -> None:
        """Cover the first records that were noted with the next row, inside a transaction."""
        row = (self.row + 1, reached, self._prints[:count].tobytes())
        self._store.execute("INSERT INTO trail VALUES(?, ?, ?)", row)

    def saved(self, count: int) -> None:
        """The transaction is complete."""
        del self._prints[:count], self._are_events[:count]
        self.row += 1

    def make_room(self) -> None:
        """Let older keys go to the disk, if there are many; outside of any transaction."""
        if len(self._newer) < _RECENT:
            return
        if self._older:
            self._old = self._old or OldKeys(self._store)
            self._old.take(self._older)
        self._older, self._newer = self._newer, {}


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
