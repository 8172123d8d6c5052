"""What happened when in a run, in memory that a run of days does not make larger."""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from klaviyo_bulk_events.answers import Answer
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.sent_times import SentTimes
from klaviyo_bulk_events.settings import SPEC_RATES
from klaviyo_bulk_events.steps import Answered, Notice, Paused, Retrying, Settled, Waiting

MOST: Final = 240
"""Buckets at most: when there are more, neighbours become one, and all are twice as wide."""

_NARROWEST: Final = 1.0
_SESSIONS: Final = 50
"""Beginnings that are kept of a run that was gone on with again and again, the last ones."""

SUMS: Final = (
    *(status.value for status in Status),
    "requests",
    "retries",
    "throttled",
    "failed",
    "waiting",
    "paused",
)
"""What a bucket sums up. Events by status; requests that were answered or lost, retries, 429s, and
requests that failed otherwise; seconds in which requests waited for their place under the rate
limit, and in which Klaviyo had the account pause."""


class Timeline:
    """Takes notices, from any thread: give it to a client as `on_event`, or call it in yours.

    rates: for each, a bucket knows the most requests that were sent within its window.
    clock, wall: the monotonic clock, and Unix time.
    """

    def __init__(
        self,
        rates: Sequence[Rate] = SPEC_RATES,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.rates = tuple(rates)
        self._clock = clock
        self._began = clock()
        self._before = 0.0
        self._width = _NARROWEST
        self._buckets: list[list[float]] = []
        self._times = SentTimes(max(rate.seconds for rate in self.rates))
        self._until = {"waiting": 0.0, "paused": 0.0}
        self._booked = self._last_until = 0.0
        self._sessions = [(0.0, wall())]
        self._lock = threading.Lock()

    @classmethod
    def restored(cls, state: Mapping[str, Any], **settings: Any) -> "Timeline":
        """A timeline that goes on from another's `state`, without the time between the two.

        What was unsettled goes again, and is booked when it is settled.
        """
        timeline = cls(**settings)
        timeline._before = timeline._booked = state["seconds"]
        timeline._width = state["seconds_per_bucket"]
        ((_, now),) = timeline._sessions
        before = [(session["at"], session["began"]) for session in state["sessions"]]
        timeline._sessions = [*before, (state["seconds"], now)][-_SESSIONS:]
        columns = [state["buckets"].get(name, ()) for name in SUMS]
        columns += [_busiest(state, rate) for rate in timeline.rates]
        longest = max(map(len, columns))
        filled = ([*column, *[0] * (longest - len(column))] for column in columns)
        timeline._buckets = [list(bucket) for bucket in zip(*filled, strict=True)]
        for bucket in timeline._buckets:
            for status in (Status.UNKNOWN, Status.UNSENT):
                bucket[_PLACE[status.value]] = 0
        return timeline

    def __call__(self, notice: Notice) -> None:
        """Book a notice at the present time."""
        with self._lock:
            now = self._before + self._clock() - self._began
            self._book_waits(now)
            if isinstance(notice, Settled):
                bucket = self._bucket(now)
                for status, count in notice.counts.items():
                    bucket[_COLUMN[status]] += count
            elif isinstance(notice, Answered):
                self._answered(now, notice)
            elif isinstance(notice, Retrying):
                self._add(now, "retries", 1)
            elif isinstance(notice, Paused | Waiting):
                kind = "paused" if isinstance(notice, Paused) else "waiting"
                self._until[kind] = max(self._until[kind], now + notice.seconds)
                self._last_until = max(self._last_until, self._until[kind])

    def state(self) -> dict[str, Any]:
        """All of it in plain JSON values, as a run report has it."""
        with self._lock:
            now = self._before + self._clock() - self._began
            self._book_waits(now)
            self._bucket(now)
            columns = [list(column) for column in zip(*self._buckets, strict=True)]
            busiest = columns[len(SUMS) :]
            return {
                "seconds": now,
                "seconds_per_bucket": self._width,
                "sessions": [{"at": at, "began": began} for at, began in self._sessions],
                "buckets": dict(zip(SUMS, columns, strict=False)),
                "limits": [
                    {"requests": rate.limit, "seconds": rate.seconds, "busiest": most}
                    for rate, most in zip(self.rates, busiest, strict=True)
                ],
            }

    def _answered(self, now: float, notice: Answered) -> None:
        self._add(now, "requests", 1)
        status = notice.reply.status if isinstance(notice.reply, Answer) else 0
        if status != 202:
            self._add(now, "throttled" if status == 429 else "failed", 1)
        self._sent(max(self._before, now - notice.seconds), now)

    def _sent(self, sent: float, now: float) -> None:
        """Count a request in every window that it is in, also in those that were counted before."""
        self._times.add(sent, now)
        for at, rate in enumerate(self.rates, len(SUMS)):
            last = math.ceil((sent + rate.seconds) / self._width)
            later = range(int(sent / self._width) + 1, min(last, len(self._buckets)))
            starts = [number * self._width for number in later]
            for end in (*self._times.after(sent, rate.seconds), *starts):
                bucket = self._bucket(end)
                bucket[at] = max(bucket[at], self._times.within(rate.seconds, end))

    def _book_waits(self, now: float) -> None:
        """Book what was waited since the last time: a wait may end before the time it was told."""
        if self._last_until > self._booked:
            for kind, until in self._until.items():
                self._spread(kind, self._booked, min(now, until))
        self._booked = now

    def _spread(self, kind: str, start: float, end: float) -> None:
        while start < end:
            self._bucket(start)  # which may widen them all
            edge = min(end, (int(start / self._width) + 1) * self._width)
            self._add(start, kind, edge - start)
            start = edge

    def _add(self, now: float, name: str, amount: float) -> None:
        self._bucket(now)[_PLACE[name]] += amount

    def _bucket(self, now: float) -> list[float]:
        at = int(now / self._width)
        if at < len(self._buckets):
            return self._buckets[at]
        while at >= MOST:
            self._widen()
            at = int(now / self._width)
        while len(self._buckets) <= at:
            start = len(self._buckets) * self._width
            bucket: list[float] = [0] * len(SUMS)
            busiest = (self._times.within(rate.seconds, start) for rate in self.rates)
            self._buckets.append([*bucket, *busiest])
        return self._buckets[at]

    def _widen(self) -> None:
        self._width *= 2
        if len(self._buckets) % 2:
            self._buckets.append([0] * (len(SUMS) + len(self.rates)))
        pairs = zip(self._buckets[::2], self._buckets[1::2], strict=True)
        self._buckets = [_merged(one, other) for one, other in pairs]


_COLUMN: Final = {status: SUMS.index(status.value) for status in Status}
_PLACE: Final = {name: at for at, name in enumerate(SUMS)}


def _merged(one: list[float], other: list[float]) -> list[float]:
    sums = [a + b for a, b in zip(one[: len(SUMS)], other[: len(SUMS)], strict=True)]
    return sums + list(map(max, one[len(SUMS) :], other[len(SUMS) :]))


def _busiest(state: Mapping[str, Any], rate: Rate) -> Sequence[float]:
    for limit in state["limits"]:
        if (limit["requests"], limit["seconds"]) == (rate.limit, rate.seconds):
            busiest: Sequence[float] = limit["busiest"]
            return busiest
    return ()
