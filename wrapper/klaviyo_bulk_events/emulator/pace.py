"""How many requests and events each of the latest seconds brought."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from attrs import define

_KEPT_SECONDS: Final = 600


class Second(NamedTuple):
    """Counts of one second: requests that arrived, those answered 429, and accepted events."""

    at: int
    requests: int
    throttled: int
    accepted: int


@define
class _Counts:
    requests: int = 0
    throttled: int = 0
    accepted: int = 0
    stamp: int = 0


class Pace:
    """Counts by second of arrival. A `stamp` grows from change to change."""

    def __init__(self) -> None:
        self._seconds: dict[int, _Counts] = {}

    def add(
        self, moment: float, stamp: int, *, requests: int = 0, throttled: int = 0, accepted: int = 0
    ) -> None:
        """Count what a request that arrived at this moment was, or came to."""
        counts = self._seconds.setdefault(int(moment), _Counts())
        counts.requests += requests
        counts.throttled += throttled
        counts.accepted += accepted
        counts.stamp = stamp
        if len(self._seconds) > _KEPT_SECONDS:
            del self._seconds[min(self._seconds)]

    def since(self, stamp: int) -> Iterator[Second]:
        """The seconds that changed after this stamp."""
        for second, counts in self._seconds.items():
            if counts.stamp > stamp:
                yield Second(second, counts.requests, counts.throttled, counts.accepted)
