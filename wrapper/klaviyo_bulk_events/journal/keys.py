"""The keys of a run, in bounded memory, however many there are."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from random import Random
from typing import Final

from klaviyo_bulk_events.encoder import Key

DIGEST: Final = 16
BUCKETS: Final = 4_096

_WORDS: Final = 1 << 19
_MOST_WORDS: Final = 1 << 23
_KEYS_A_WORD: Final = 4
_BITS: Final = 5
_PATTERNS: Final = 1 << 12
_NOTHING_YET: Final = hashlib.blake2b(digest_size=DIGEST)


def digest(key: Key) -> bytes:
    """A key in 16 bytes, the same in every process."""
    hasher = _NOTHING_YET.copy()  # half of what it takes to make one
    hasher.update(key.encode())
    return hasher.digest()


def bucket(key: bytes) -> int:
    """Which of the buckets on disk a digest belongs to."""
    return int.from_bytes(key[-2:], "big") % BUCKETS


def split(packed: bytes) -> Iterator[bytes]:
    """The digests that stand one after the other."""
    return (packed[at : at + DIGEST] for at in range(0, len(packed), DIGEST))


def find(packed: bytes, key: bytes) -> int | None:
    """Which of the digests this one is; None if it isn't there."""
    at = packed.find(key)
    while at % DIGEST and at >= 0:
        at = packed.find(key, at + 1)
    return at // DIGEST if at >= 0 else None


class Filter:
    """A Bloom filter over digests, 64 bits of it for a few keys: it may say yes for a no.

    Nothing before the first key, which most runs never have. Then 4 MB, which is enough for 2
    million keys, and up to 64 MB; for more keys than 32 million it says yes more often, which costs
    time and nothing else.
    """

    def __init__(self, words: int = _WORDS) -> None:
        self._size(words)

    def _size(self, words: int) -> None:
        self._keys = 0
        self._mask = words - 1
        self._words: memoryview[int] | None = None

    def may_know(self, key: bytes) -> bool:
        """False if the digest was not taken in, for certain."""
        if self._words is None:
            return False
        number = hash(key)  # only this process asks
        pattern = _patterns()[number & (_PATTERNS - 1)]
        return self._words[(number >> 12) & self._mask] & pattern == pattern

    def add(self, keys: Iterable[bytes]) -> None:
        """Take digests in."""
        if self._words is None:
            self._words = memoryview(bytearray((self._mask + 1) * 8)).cast("Q")
        words, mask, patterns = self._words, self._mask, _patterns()
        for number in map(hash, keys):
            words[(number >> 12) & mask] |= patterns[number & (_PATTERNS - 1)]
            self._keys += 1

    @property
    def is_full(self) -> bool:
        """Whether it should be made again, larger."""
        words = self._mask + 1
        return words < _MOST_WORDS and self._keys > words * _KEYS_A_WORD

    def grow(self) -> None:
        """Forget everything and be larger."""
        self._size((self._mask + 1) * 2)


@cache
def _patterns() -> list[int]:
    random = Random(0)  # noqa: S311 - a table of constants
    return [sum({1 << random.randrange(64) for _ in range(_BITS)}) for _ in range(_PATTERNS)]
