"""The trail of a run: of every record that was read its fingerprint, and of every event its key.

By the fingerprints a source is known again; by the keys repeats are found over the whole run.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
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
    and its fingerprint. A key that the filter may know is looked for in memory, in two generations,
    and in buckets on disk, which are made of the rows when they are first needed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._digests: list[bytes] = []
        self._prints = array("I")
        self._newer: dict[bytes, int] = {}
        self._older: dict[bytes, int] = {}
        self._filter = keys.Filter()
        self.row = self._to_index = self._fill()
        self._indexed: int = store.get("indexed") or 0
        self._rotated = 0

    def _fill(self) -> int:
        """Take all keys on disk into the filter; the number of the last row."""
        last = 0
        for number, packed in self._store.each("trail", "number, keys", "number"):
            for digest in keys.split(packed):
                self._filter.add(digest)
            last = number
        return last

    def note(self, key: Key, data: bytes, opening: bytes, /) -> Repeat | None:
        """How the event repeats an earlier one; None if it is new, and then it is remembered."""
        content = of_content(data, opening)
        self._prints.append(content)
        digest = keys.digest(key)
        if self._filter.add(digest) and (before := self._find(digest)) is not None:
            self._digests.append(_NO_KEY)
            return Repeat.SAME_CONTENT if before == content else Repeat.OTHER_CONTENT
        self._newer[digest] = content
        self._digests.append(digest)
        return None

    def note_rejected(self, fingerprint: int) -> None:
        """Remember a record that became no event."""
        self._prints.append(fingerprint)
        self._digests.append(_NO_KEY)

    @property
    def noted(self) -> int:
        """How many records were noted that no row covers yet."""
        return len(self._digests)

    @property
    def has_events(self) -> bool:
        """Whether there is an event among them."""
        return any(digest != _NO_KEY for digest in self._digests)

    def save(self, count: int, reached: int) -> None:
        """Cover the first records that were noted with the next row, inside a transaction."""
        row = (
            self.row + 1,
            reached,
            b"".join(self._digests[:count]),
            self._prints[:count].tobytes(),
        )
        self._store.execute("INSERT INTO trail VALUES(?, ?, ?, ?)", row)

    def saved(self, count: int) -> None:
        """The transaction is complete."""
        del self._digests[:count], self._prints[:count]
        self.row += 1
        if len(self._newer) > _RECENT:
            self._to_index, self._rotated = self._rotated or self._to_index, self.row
            self._older = self._newer
            self._newer = {d: self._older[d] for d in self._digests if d in self._older}
        if self._filter.is_full:
            self._grow()

    def _grow(self) -> None:
        self._filter.grow()
        self._fill()
        for digest in chain(self._older, self._newer):
            self._filter.add(digest)

    def _find(self, digest: bytes) -> int | None:
        before = self._newer.get(digest)
        if before is None:
            before = self._older.get(digest)
        return self._on_disk(digest) if before is None else before

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
        while self._indexed < self._to_index:
            rows = self._store.rows(
                "SELECT number, keys, contents FROM trail WHERE number > ? AND number <= ? "
                "ORDER BY number LIMIT ?",
                (self._indexed, self._to_index, _AT_ONCE),
            )
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
