"""Keys as hashes, and which of them there may be, in bounded memory however many there are."""

import hashlib
from collections.abc import Iterable
from functools import cache
from random import Random
from typing import Final

from klaviyo_bulk_events.encoder import Key

DIGEST: Final = 16
BUCKETS: Final = 1_024

_WORDS: Final = 1 << 19
_MOST_WORDS: Final = 1 << 22
_KEYS_A_WORD: Final = 4
_BITS: Final = 5
_PATTERN_BITS: Final = 12
_PATTERNS: Final = 1 << _PATTERN_BITS
_NOTHING_YET: Final = hashlib.blake2b(digest_size=DIGEST)


def digest(key: Key) -> bytes:
    """A key in 16 bytes, the same in every process."""
    hasher = _NOTHING_YET.copy()  # half of what it takes to make one
    hasher.update(key.encode())
    return hasher.digest()


def bucket(key: bytes) -> int:
    """Which of the buckets on disk a digest belongs to."""
    return int.from_bytes(key[-2:], "big") % BUCKETS


def find(packed: bytes, key: bytes) -> int | None:
    """Which of the digests this one is; None if it isn't there."""
    at = packed.find(key)
    while at % DIGEST and at >= 0:
        at = packed.find(key, at + 1)
    return at // DIGEST if at >= 0 else None


class Filter:
    """A Bloom filter over keys, 64 bits of it for a few keys: it may say yes for a no.

    4 MB, which is enough for 2 million keys, and with larger parts beside it up to 63 MB; for more
    keys than 31 million it says yes more often, which costs time and nothing else.
    """

    def __init__(self, words: int = _WORDS, most: int = _MOST_WORDS) -> None:
        self._most = most
        self._parts = [_words(words)]
        self._keys = 0

    def may_know(self, key: Key) -> bool:
        """False if the key was not taken in, for certain."""
        number = hash(key)  # which the text knows already; only this process asks
        pattern = _patterns()[number & (_PATTERNS - 1)]
        at = number >> _PATTERN_BITS
        return any(part[at & (len(part) - 1)] & pattern == pattern for part in self._parts)

    def add(self, keys: Iterable[Key]) -> None:
        """Take keys in."""
        part, patterns = self._parts[-1], _patterns()
        mask = len(part) - 1
        for number in map(hash, keys):
            part[(number >> _PATTERN_BITS) & mask] |= patterns[number & (_PATTERNS - 1)]
            self._keys += 1
        if self._keys > len(part) * _KEYS_A_WORD and len(part) < self._most:
            self._parts.append(_words(2 * len(part)))
            self._keys = 0


def _words(count: int) -> "memoryview[int]":
    return memoryview(bytearray(count * 8)).cast("Q")


@cache
def _patterns() -> list[int]:
    random = Random(0)  # noqa: S311 - a table of constants
    return [sum({1 << random.randrange(64) for _ in range(_BITS)}) for _ in range(_PATTERNS)]
