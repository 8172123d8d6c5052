"""The keys of a session that memory has no room for, each with its event's fingerprint."""

from array import array
from collections import defaultdict
from collections.abc import Mapping
from typing import TypeAlias

from klaviyo_bulk_events.encoder import Key
from klaviyo_bulk_events.journal import keys
from klaviyo_bulk_events.journal.store import Store

_Bucket: TypeAlias = tuple[list[bytes], "array[int]"]


def forget(store: Store) -> None:
    """Take out those of the session before, inside a transaction."""
    store.execute("DELETE FROM old_keys")
    store.execute("DELETE FROM buckets")


class OldKeys:
    """Keeps keys on disk, as hashes, in the batches in which they come.

    A key that the filter may know is looked for in buckets, which are made of the batches when they
    are first needed. Only the session itself asks: one that goes on with the run reads its records
    again, and with them their keys.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._filter = keys.Filter()
        self._batches = 0
        self._indexed = 0

    def take(self, contents: Mapping[Key, int]) -> None:
        """Keep a batch of keys with their fingerprints."""
        packed = b"".join(map(keys.digest, contents))
        prints = array("I", contents.values()).tobytes()
        with self._store.writing(durable=False):
            row = (self._batches + 1, packed, prints)
            self._store.execute("INSERT INTO old_keys VALUES(?, ?, ?)", row)
        self._batches += 1
        self._filter.add(contents)

    def content_of(self, key: Key) -> int | None:
        """The fingerprint that a key came with; None if it isn't there."""
        if not self._filter.may_know(key):
            return None
        while self._indexed < self._batches:
            self._index(self._indexed + 1)
        digest = keys.digest(key)
        query = "SELECT keys, contents FROM buckets WHERE bucket = ? ORDER BY batch"
        for packed, contents in self._store.rows(query, (keys.bucket(digest),)):
            at = keys.find(packed, digest)
            if at is not None:
                return numbers(contents)[at]
        return None

    def _index(self, batch: int) -> None:
        """Put a batch into buckets."""
        query = "SELECT keys, contents FROM old_keys WHERE batch = ?"
        ((packed, contents),) = self._store.rows(query, (batch,))
        buckets: dict[int, _Bucket] = defaultdict(lambda: ([], array("I")))
        for digest, content in zip(keys.split(packed), numbers(contents), strict=True):
            digests, prints = buckets[keys.bucket(digest)]
            digests.append(digest)
            prints.append(content)
        with self._store.writing(durable=False):
            self._store.execute("DELETE FROM old_keys WHERE batch = ?", (batch,))
            self._store.execute_many(
                "INSERT INTO buckets VALUES(?, ?, ?, ?)",
                [
                    (bucket, batch, b"".join(digests), prints.tobytes())
                    for bucket, (digests, prints) in sorted(buckets.items())
                ],
            )
        self._indexed = batch


def numbers(packed: bytes) -> "array[int]":
    """The numbers in 32 bits each."""
    found = array("I")
    found.frombytes(packed)
    return found
