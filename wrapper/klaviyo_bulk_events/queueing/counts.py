"""How many events a queue took, and what became of them."""

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Final

from attrs import frozen

from klaviyo_bulk_events.outcomes import Status

_DROPPED: Final = "dropped"


@frozen(kw_only=True)
class QueueStats:
    """What this process put into a queue, what its sender settled, and what waits.

    In memory put = accepted + duplicate + rejected + unknown + unsent + dropped + waiting, always.
    Of a spool `waiting` is what waits in it, whoever put it: an upper bound, where events in its
    midst were taken out. `oldest_age` is in seconds, 0.0 if nothing waits.
    """

    put: int
    accepted: int
    duplicate: int
    rejected: int
    unknown: int
    unsent: int
    dropped: int
    waiting: int
    oldest_age: float


class Counts:
    """Counts, from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._put = 0

    def put(self) -> None:
        """Count an event that was put."""
        with self._lock:
            self._put += 1

    def not_put(self, events: int) -> None:
        """So many were not taken, and their callers know."""
        with self._lock:
            self._put -= events

    def dropped(self) -> None:
        """Count an event that was put and is gone."""
        with self._lock:
            self._counts[_DROPPED] += 1

    def settled(self, outcomes: Iterable[Status]) -> None:
        """Count what became of events."""
        with self._lock:
            self._counts.update(status.value for status in outcomes)

    def stats(self, waiting: int | None, oldest_age: float) -> QueueStats:
        """The numbers now. `waiting` None: whatever was put here and is not settled."""
        with self._lock:
            counts, put = dict(self._counts), self._put
        named = {status.value: counts.get(status.value, 0) for status in Status}
        dropped = counts.get(_DROPPED, 0)
        left = put - sum(named.values()) - dropped
        return QueueStats(
            put=put,
            dropped=dropped,
            waiting=left if waiting is None else waiting,
            oldest_age=oldest_age,
            **named,
        )
