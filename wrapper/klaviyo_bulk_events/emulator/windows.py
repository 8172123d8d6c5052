"""Fixed rate windows: each starts at its own moment, and is counted when a request arrives."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil
from random import Random
from typing import Final

from klaviyo_bulk_events.rates import Rate

# A request counts when its head is there, and is told of when its body is: up to so many later.
_KEPT_WINDOWS: Final = 256
# Arrivals that are kept at least; twice as many at most, so that it is rarely that some are let go.
_KEPT_ARRIVALS: Final = 50_000


class Window:
    """One rate, in windows whose phase is random and stays."""

    def __init__(self, rate: Rate, random: Random) -> None:
        self.rate = rate
        self._phase = random.random() * rate.seconds
        self._counts: Counter[int] = Counter()

    def _index(self, now: float) -> int:
        return int((now - self._phase) // self.rate.seconds)

    def remaining(self, now: float) -> int:
        """How many requests the current window still takes."""
        return self.rate.limit - self._counts[self._index(now)]

    def reset(self, now: float) -> float:
        """Seconds until the window ends."""
        return (self._index(now) + 1) * self.rate.seconds + self._phase - now

    def latest(self, since: float) -> list[tuple[float, int]]:
        """The windows that began after this moment and counted something: start, and count."""
        starts = ((i * self.rate.seconds + self._phase, n) for i, n in self._counts.items() if n)
        return sorted(each for each in starts if each[0] > since)

    def count(self, now: float) -> None:
        """Count a request."""
        self._counts[self._index(now)] += 1
        if len(self._counts) > _KEPT_WINDOWS:
            del self._counts[min(self._counts)]


class Windows:
    """The windows of one account; a request takes a place in all of them or is refused."""

    def __init__(self, rates: Sequence[Rate], random: Random) -> None:
        self._windows = [Window(rate, random) for rate in rates]

    def admit(self, now: float) -> int | None:
        """Count a request that arrives now; or return whole seconds to wait, if it may not pass."""
        full = [window.reset(now) for window in self._windows if window.remaining(now) < 1]
        if full:
            return max(1, ceil(max(full)))
        for window in self._windows:
            window.count(now)
        return None

    def latest(self, since: float) -> list[list[tuple[float, int]]]:
        """For each rate its windows that began after this moment, or a window's length before."""
        return [window.latest(since - window.rate.seconds) for window in self._windows]

    def headers(self, now: float) -> dict[str, str]:
        """As recorded: the first is no integer, the others describe the first window only."""
        if not self._windows:
            return {}
        rates = [window.rate for window in self._windows]
        limits = [f"{rate.limit};w={rate.seconds:g}" for rate in rates]
        return {
            "ratelimit-limit": ", ".join([str(rates[0].limit), *limits]),
            "ratelimit-remaining": str(self._windows[0].remaining(now)),
            "ratelimit-reset": str(int(self._windows[0].reset(now))),
        }


class Arrivals:
    """When requests arrived, refused ones too: the latest moments, and what the others came to.

    `lengths` are those of windows of which the busiest is known of all arrivals.
    """

    def __init__(self, lengths: Iterable[float] = ()) -> None:
        self._moments = array("d")
        self._busiest = dict.fromkeys(lengths, 0)

    def add(self, now: float) -> None:
        """Note an arrival."""
        self._moments.append(now)
        if len(self._moments) > 2 * _KEPT_ARRIVALS:
            self._let_go()

    def busiest(self, seconds: float) -> int:
        """The most arrivals in any window of this length, wherever it starts.

        Of another length than those, among the latest arrivals only.
        """
        return max(self._busiest.get(seconds, 0), _busiest(sorted(self._moments), seconds))

    def _let_go(self) -> None:
        """Drop the oldest. Windows that reach from them to the latest are counted up to now."""
        moments = sorted(self._moments)
        for seconds, most in self._busiest.items():
            self._busiest[seconds] = max(most, _busiest(moments, seconds))
        self._moments = array("d", moments[-_KEPT_ARRIVALS:])


def _busiest(moments: Sequence[float], seconds: float) -> int:
    """Of moments in their order: for each, how many came less than so many seconds before."""
    most = first = 0
    for i, moment in enumerate(moments):
        while moments[first] + seconds <= moment:
            first += 1
        most = max(most, i + 1 - first)
    return most
