"""A chunk ledger in Redis, for processes on any host."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

from klaviyo_bulk_events.arrow.store import ChunkName
from klaviyo_bulk_events.errors import ConfigurationError, JournalError

try:
    import redis
except ImportError:
    raise ConfigurationError(
        "a chunk ledger in Redis needs redis-py: pip install 'klaviyo-bulk-events[redis]'"
    ) from None

_TIMEOUT: Final = 5.0
"""Seconds that Redis has to connect, and to answer."""
_KEPT: Final = 30 * 86_400
"""Seconds after its last entry for which a run's ledger is kept."""
_AT_ONCE: Final = 4
"""Entries asked for at a time; few chunks have more than two."""


class RedisStore:
    """See `Store`. A run's entries are kept for 30 days after the last of them.

    What Redis forgets, by a restart without its data or a failover, is sent again: then only
    `unique_id` keeps it from counting twice.
    """

    def __init__(self, url: str) -> None:
        try:
            self._redis = redis.Redis.from_url(
                url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT
            )
        except (ValueError, TypeError):  # whose text may quote the password
            raise ConfigurationError("the URL of the chunk ledger can't be read") from None

    def read(self, name: ChunkName) -> Sequence[bytes]:
        """See `Store`."""
        entries: list[bytes] = []
        while True:
            fields = [_field(name, len(entries) + n) for n in range(_AT_ONCE)]
            with self._failing():
                # redis-py's annotations say that it may be awaitable, which is another client's.
                found = cast("list[Any]", self._redis.hmget(_key(name), fields))
            given = [entry for entry in found if entry is not None]
            entries += given
            if len(given) < _AT_ONCE:
                return entries

    def append(self, name: ChunkName, at: int, entry: bytes) -> bool:
        """See `Store`."""
        with self._failing():
            pipeline = self._redis.pipeline()
            # Only set where there is none: that is what makes one of two attempts the first.
            pipeline.hsetnx(_key(name), _field(name, at), cast("str", entry))
            pipeline.expire(_key(name), _KEPT)
            return bool(pipeline.execute()[0])

    def close(self) -> None:
        """See `Store`."""
        self._redis.close()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            kind = type(error).__name__  # whose text may quote the URL
            raise JournalError(f"the chunk ledger in Redis can't be used: {kind}") from None


def _key(name: ChunkName) -> str:
    # The lengths keep two names from meeting in one key, whatever characters they have.
    return f"klaviyo-bulk-events:chunks:{len(name.run)}:{name.run}:{name.account}"


def _field(name: ChunkName, at: int) -> str:
    return f"{name.number}.{at}"
