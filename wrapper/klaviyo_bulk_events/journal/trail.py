"""The trail of a run: of every record that was read its fingerprint, and of every event its key.

By the fingerprints a source is known again; by the keys repeats are found over the whole run.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Final

from klaviyo_bulk_events.encoder import Key
from klaviyo_bulk_events.journal import keys
from klaviyo_bulk_events.journal.fingerprints import of_content
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.repeats import Repeat

_RECENT: Final = 1 << 16
_AT_ONCE: Final = 64
_NO_KEY: Final = bytes(keys.DIGEST)


class Trail:
    """Remembers every record, the newest keys in memory.

    A row of the database covers the records since the row before it, of each a digest of its key
    and its fingerprint. A key is looked for in memory, in two generations, and if the filter may
    know it in buckets on disk, which are made of the rows when they are first needed. The filter
    holds the keys of the rows up to `_to_index`, which are on disk alone.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._noted: list[Key | bytes] = []
        self._prints = array("I")
        self._newer: dict[Key, int] = {}
        self._older: dict[Key, int] = {}
        self._filter = keys.Filter()
        self.row: int = store.rows("SELECT coalesce(max(number), 0) FROM trail")[0][0]
        self._to_index = self.row
        self._indexed: int = store.get("indexed") or 0
        self._rotated = 0
        self._fill(0)

    def _fill(self, after: int) -> None:
        """Take the keys that are on disk alone into the filter, from those after a row on."""
        for rows in self._rows(after):
            for _, packed, _ in rows:
                self._filter.add(keys.split(packed))
        if self._filter.is_full:
            self._filter.grow()
            self._fill(0)

    def _rows(self, after: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
        """What is on disk alone, after a row, some at a time."""
        query = (
            "SELECT number, keys, contents FROM trail WHERE number > ? AND number <= ? "
            "ORDER BY number LIMIT ?"
        )
        while rows := self._store.rows(query, (after, self._to_index, _AT_ONCE)):
            yield rows
            after = rows[-1][0]

    def note(self, key: Key, data: bytes, opening: bytes, /) -> Repeat | None:
        """How the event repeats an earlier one; None if it is new, and then it is remembered."""
        content = of_content(data, opening)
        self._prints.append(content)
        noted: Key | bytes = key
        before = self._newer.get(key)
        if before is None:
            before = self._older.get(key)
        if before is None and self._to_index:
            noted = keys.digest(key)
            before = self._on_disk(noted) if self._filter.may_know(noted) else None
        if before is None:
            self._newer[key] = content
            self._noted.append(noted)
            return None
        self._noted.append(_NO_KEY)
        return Repeat.SAME_CONTENT if before == content else Repeat.OTHER_CONTENT

    def note_rejected(self, fingerprint: int) -> None:
        """Remember a record that became no event."""
        self._prints.append(fingerprint)
        self._noted.append(_NO_KEY)

    @property
    def noted(self) -> int:
        """How many records were noted that no row covers yet."""
        return len(self._noted)

    @property
    def has_events(self) -> bool:
        """Whether there is an event among them."""
        return any(noted is not _NO_KEY for noted in self._noted)

    def save(self, count: int, reached: int) -> None:
        """Cover the first records that were noted with the next row, inside a transaction."""
        # Made here and gone again: digests that stay, one for each event, cost more than to make.
        digests = [
            noted if isinstance(noted, bytes) else keys.digest(noted)
            for noted in self._noted[:count]
        ]
        row = (self.row + 1, reached, b"".join(digests), self._prints[:count].tobytes())
        self._store.execute("INSERT INTO trail VALUES(?, ?, ?, ?)", row)

    def saved(self, count: int) -> None:
        """The transaction is complete."""
        del self._noted[:count], self._prints[:count]
        self.row += 1
        if len(self._newer) > _RECENT:
            self._rotate()

    def _rotate(self) -> None:
        """Forget the older keys, all of which are in rows."""
        before = self._to_index
        self._to_index, self._rotated = self._rotated or before, self.row
        self._fill(before)
        self._older = self._newer
        uncovered = sum(noted is not _NO_KEY for noted in self._noted)
        last = list(islice(reversed(self._older.items()), uncovered))
        self._newer = dict(reversed(last))

    def _on_disk(self, digest: bytes) -> int | None:
        if self._indexed < self._to_index:
            self._index()
        rows = self._store.rows(
            "SELECT keys, contents FROM buckets WHERE bucket = ? ORDER BY batch",
            (keys.bucket(digest),),
        )
        for packed, contents in rows:
            at = keys.find(packed, digest)
            if at is not None:
                return numbers(contents)[at]
        return None

    def _index(self) -> None:
        """Put what is in the trail, and not in memory, into buckets."""
        for rows in self._rows(self._indexed):
            buckets: dict[int, tuple[list[bytes], list[int]]] = defaultdict(lambda: ([], []))
            for _, packed, contents in rows:
                for digest, content in zip(keys.split(packed), numbers(contents), strict=True):
                    if digest != _NO_KEY:
                        digests, prints = buckets[keys.bucket(digest)]
                        digests.append(digest)
                        prints.append(content)
            self._save_buckets(buckets, rows[-1][0])

    def _save_buckets(
        self, buckets: Mapping[int, tuple[list[bytes], list[int]]], indexed: int
    ) -> None:
        with self._store.writing(durable=False):
            self._store.execute_many(
                "INSERT OR REPLACE INTO buckets VALUES(?, ?, ?, ?)",
                [
                    (bucket, indexed, b"".join(digests), array("I", prints).tobytes())
                    for bucket, (digests, prints) in sorted(buckets.items())
                ],
            )
            self._store.put("indexed", indexed)
        self._indexed = indexed


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


def numbers(packed: bytes) -> "array[int]":
    """The numbers in 32 bits each."""
    found = array("I")
    found.frombytes(packed)
    return found
