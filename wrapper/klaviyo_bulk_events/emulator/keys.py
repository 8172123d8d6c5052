"""The keys that repeats are found by: of the latest events, as many as there is room for."""

from collections import deque
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, NamedTuple

import orjson

_DIGEST_BYTES: Final = 16


class Key(NamedTuple):
    """What the endpoint tells events apart by. `profile` is its first identifier and which it is.

    Klaviyo merges profiles that share any identifier. Here a profile is its first one in the order
    `id`, `external_id`, `email`, `phone_number`, compared as sent: simple, and the same each time.
    """

    profile: tuple[str, str]
    metric: str
    unique_id: str


class Keys:
    """The latest keys, as digests: some 105 bytes each, however long a key is.

    Two keys with one digest would have a good event refused; with 16 bytes that never happens.
    """

    def __init__(self, most: int) -> None:
        self.forgotten = 0
        self._most = most
        self._known: set[bytes] = set()
        # A dict alone would do, but to take out its first one it walks over all that went before.
        self._order: deque[bytes] = deque()

    def __contains__(self, key: Key) -> bool:
        return _digest(key) in self._known

    def add(self, keys: Iterable[Key]) -> None:
        """Take in keys that are not here yet, and let the oldest go that there is no room for."""
        digests = [_digest(key) for key in keys]
        self._known.update(digests)
        self._order.extend(digests)
        while len(self._order) > self._most:
            self._known.discard(self._order.popleft())
            self.forgotten += 1


def _digest(key: Key) -> bytes:
    return blake2b(orjson.dumps([*key]), digest_size=_DIGEST_BYTES).digest()
