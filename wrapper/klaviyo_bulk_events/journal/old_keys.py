"""The keys of a session that memory has no room for, each with its event's fingerprint."""

from array import array
from collections import defaultdict
from collections.abc import Mapping
from typing import TypeAlias

from klaviyo_bulk_events.encoder import Key
from klaviyo_bulk_events.journal import keys
from klaviyo_bulk_events.journal.fingerprints import numbers
from klaviyo_bulk_events.journal.store import Store

_Bucket: TypeAlias = tuple[list[bytes], "array[int]"]


def forget(store: Store) -> None:
    """Take out those of all sessions, inside a transaction."""
    store.execute("DELETE FROM old_keys")


class OldKeys:
    """Keeps keys on disk, as hashes, in buckets; a filter in memory says which may be there.

    Only the session itself asks: one that goes on with the run reads its records again, and with
    them their keys.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._filter = keys.Filter()

    def take(self, contents: Mapping[Key, int]) -> None:
        """Keep many keys with their fingerprints."""
        rows = [
            (bucket, b"".join(digests), prints.tobytes())
            for bucket, (digests, prints) in _in_buckets(contents).items()
        ]
        with self._store.writing(durable=False):
            self._store.execute_many("INSERT INTO old_keys VALUES(?, ?, ?)", rows)
        self._filter.add(contents)

    def content_of(self, key: Key) -> int | None:
        """The fingerprint that a key came with; None if it isn't there."""
        if not self._filter.may_know(key):
            return None
        digest = keys.digest(key)
        query = "SELECT keys, contents FROM old_keys WHERE bucket = ?"
        for packed, contents in self._store.rows(query, (keys.bucket(digest),)):
            at = keys.find(packed, digest)
            if at is not None:
                return numbers(contents)[at]
        return None


def _in_buckets(contents: Mapping[Key, int]) -> Mapping[int, _Bucket]:
    buckets: dict[int, _Bucket] = defaultdict(lambda: ([], array("I")))
    for key, content in contents.items():
        digest = keys.digest(key)
        digests, prints = buckets[keys.bucket(digest)]
        digests.append(digest)
        prints.append(content)
    return buckets
