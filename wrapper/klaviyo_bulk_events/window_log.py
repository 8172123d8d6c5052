"""The completion-anchored sliding log, which says when a request may go out.

A request holds its place from the grant until one window after its answer, or, as long as none has
come, until one window after its lease. A place is granted when for every rate fewer than `limit`
places are held. Then no window of that length, whatever its phase, sees more than `limit` arrivals
(docs/decisions.md has the proof).

Knows no clock and never sleeps: the caller says what time it is.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from typing import Final

from klaviyo_bulk_events.answers import Allowance
from klaviyo_bulk_events.rates import Rate

# A wait that rounding made shorter than the clock's grain would be asked for without end.
_SHORTEST_WAIT: Final = 1e-6


class WindowLog:
    """The places held under some rates. Times are seconds on one monotonic clock."""

    def __init__(self, rates: Iterable[Rate], lease: float) -> None:
        self._rates = tuple(rates)
        self._each = range(len(self._rates))
        self._lease = lease
        self._longest = max(rate.seconds for rate in self._rates)
        self._ends: list[float] = []
        self._paused_until = float("-inf")

    def wait(self, now: float) -> float:
        """Seconds until a place is free if nothing is answered before; 0.0: it is free now."""
        self._forget(now)
        return max(self._paused_until - now, *(self._wait(rate, now) for rate in self._rates), 0.0)

    def _wait(self, rate: Rate, now: float) -> float:
        held = len(self._ends) - bisect_right(self._ends, now - rate.seconds)
        if held < rate.limit:
            return 0.0
        return max(self._ends[-rate.limit] + rate.seconds - now, _SHORTEST_WAIT)

    def soonest(self, now: float, ahead: Iterable[Sequence[int]]) -> float:
        """Seconds until a place may be free for one who has others ahead; 0.0: it is free now.

        `ahead` are their limits under each of the rates, in their order. What is in flight is taken
        as answered now: whoever does not hear of answers asks again by then. Each of those ahead
        who may take a place has one kept free, so that nobody waits for them to take it.
        """
        self._forget(now)
        before = tuple(ahead)
        waits = (self._soonest(at, now, [limits[at] for limits in before]) for at in self._each)
        return max(self._paused_until - now, *waits, 0.0)

    def _soonest(self, at: int, now: float, ahead: Sequence[int]) -> float:
        rate = self._rates[at]
        held = self._ends[bisect_right(self._ends, now - rate.seconds) :]
        taken = len(held)
        for limit in ahead:
            taken += taken < limit
        if taken < rate.limit:
            return 0.0
        if not held:  # more are ahead than the rate has places
            return rate.seconds
        # By then those with less than the whole limit may still have none.
        surplus = len(held) + sum(limit >= rate.limit for limit in ahead) + 1 - rate.limit
        last = held[min(max(surplus, 1), len(held)) - 1]
        return max(min(last, now) + rate.seconds - now, _SHORTEST_WAIT)

    def _forget(self, now: float) -> None:
        # As long as a lease after it counts: `missing` looks back from when a request was sent.
        del self._ends[: bisect_right(self._ends, now - self._longest - self._lease)]

    def missing(self, allowance: Allowance, sent: float) -> int:
        """How many requests the server counts that this log does not know of, at the least.

        `allowance` came with the answer to a request that was sent at `sent`. Of the requests that
        the server counts, every one of ours arrived after `sent` minus the window, so it is held
        here: what is beyond those is somebody else's.
        """
        found = [
            # The greater limit: of a share of it others may have the rest, and a smaller one of
            # the server's must count here as well.
            max(rate.limit, allowance.limit)
            - allowance.remaining
            - self._held_since(sent - rate.seconds)
            for rate in self._rates
            if rate.seconds == allowance.seconds
        ]
        return max(0, *found) if found else 0

    def _held_since(self, moment: float) -> int:
        return len(self._ends) - bisect_right(self._ends, moment)

    def count_others(self, number: int, now: float) -> None:
        """Hold so many places for requests of somebody else, as if they were answered now."""
        for _ in range(number):
            insort(self._ends, now)

    def grant(self, now: float) -> float:
        """Take a free place; returns its end, by which it is known."""
        end = now + self._lease
        insort(self._ends, end)
        return end

    def answered(self, end: float, now: float) -> None:
        """The place whose end was `end` has its complete answer."""
        self.unused(end)
        insort(self._ends, min(end, now))

    def unused(self, end: float) -> None:
        """Nothing was written for the place whose end was `end`."""
        at = bisect_left(self._ends, end)
        if at < len(self._ends) and self._ends[at] == end:
            del self._ends[at]

    def pause(self, now: float, seconds: float) -> None:
        """Grant nothing for so long; never shortens a pause that is on."""
        self._paused_until = max(self._paused_until, now + seconds)

    def held(self, now: float) -> tuple[float, ...]:
        """The ends of the places that still count."""
        return tuple(self._ends[bisect_right(self._ends, now - self._longest) :])

    @property
    def paused_until(self) -> float:
        """When the pause ends."""
        return self._paused_until

    def take_over(self, ends: Iterable[float], paused_until: float) -> None:
        """Count places that were held before this log was made, and a pause."""
        self._ends = sorted((*self._ends, *ends))
        self._paused_until = max(self._paused_until, paused_until)
