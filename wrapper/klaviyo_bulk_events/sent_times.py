"""When requests were sent, as far back as it matters for the rate limits."""

from bisect import bisect_left, bisect_right, insort
from typing import Final

_LATEST: Final = 120.0
"""Seconds by which a request may be told of after others that were sent later: most attempts are
given up before."""


class SentTimes:
    """Times in their order; `longest` is the longest window, in seconds, that is asked about."""

    def __init__(self, longest: float) -> None:
        self._kept = longest * 2 + _LATEST
        self._times: list[float] = []

    def add(self, time: float, now: float) -> None:
        """Take a time, maybe of a request that was sent before others."""
        insort(self._times, time)
        # As many as are too old to matter, but not for every one: a list moves all that is left.
        old = bisect_left(self._times, now - self._kept)
        if old > len(self._times) // 2:
            del self._times[:old]

    def within(self, seconds: float, end: float) -> int:
        """How many there are in the window that ends then."""
        return bisect_right(self._times, end) - bisect_right(self._times, end - seconds)

    def after(self, start: float, seconds: float) -> list[float]:
        """Those in the window that begins then."""
        return self._times[
            bisect_left(self._times, start) : bisect_left(self._times, start + seconds)
        ]
