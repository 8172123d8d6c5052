"""What is known of a run while it goes on."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

from attrs import frozen

from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.steps import Answered, Notice


@frozen
class Snapshot:
    """How far a run is. `limit` is the share of the rate limit used, `left` seconds to the end."""

    events: int
    not_accepted: int
    per_second: float
    limit: float
    share: float | None
    left: float | None

    def __str__(self) -> str:
        parts = [
            f"{self.events:,} events",
            f"{self.not_accepted:,} of them not accepted",
            f"{self.per_second:,.0f} a second",
            f"{self.limit:.0%} of the limit",
        ]
        if self.left is not None:
            parts.append(f"about {duration(self.left)} left")
        return ", ".join(parts)

    def brief(self, width: int) -> str:
        """As much as fits into so many characters, the events and the time left before all else."""
        parts = {
            "events": f"{self.events:,}",
            "speed": f"{self.per_second:,.0f}/s",
            "limit": f"{self.limit:.0%} of the limit",
            "left": "" if self.left is None else duration(self.left),
            "not accepted": f"{self.not_accepted:,} not accepted" if self.not_accepted else "",
        }
        for least in ("not accepted", "limit", "speed"):
            if len(_dotted(parts.values())) > width:
                del parts[least]
        return _dotted(parts.values())


class Monitor:
    """Counts outcomes and answers; `share` says how much of the sources was read."""

    def __init__(
        self,
        rates: Sequence[Rate],
        share: Callable[[], float | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._longest = max(rates, key=lambda rate: rate.seconds)
        self._share = share
        self._clock = clock
        self._started = clock()
        self._status: Counter[Status] = Counter()
        self._answers: deque[float] = deque()
        self._lock = threading.Lock()

    def settle(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self._status[outcome.status] += 1

    def note(self, notice: Notice) -> None:
        """Count an answer; from any thread."""
        if isinstance(notice, Answered):
            with self._lock:
                self._answers.append(self._clock())

    def snapshot(self) -> Snapshot:
        """How far the run is now."""
        passed = max(self._clock() - self._started, 0.001)
        events = self._status.total()
        settled = self._status[Status.ACCEPTED] + self._status[Status.DUPLICATE]
        share = self._share()
        return Snapshot(
            events=events,
            not_accepted=events - settled,
            per_second=events / passed,
            limit=self._limit_used(passed),
            share=share,
            # What was read last may wait for its answer as long as it likes.
            left=passed * (1 - share) / share if share and share < 1 else None,
        )

    def _limit_used(self, passed: float) -> float:
        """Of the longest window: in the first one, of the part of it that has passed."""
        window = self._longest.seconds
        with self._lock:
            while self._answers and self._answers[0] < self._clock() - window:
                self._answers.popleft()
            answers = len(self._answers)
        possible = self._longest.limit * min(1.0, passed / window)
        return min(1.0, answers / max(1.0, possible))


def _dotted(parts: Iterable[str]) -> str:
    return " · ".join(filter(None, parts))


def duration(seconds: float) -> str:
    """Seconds as a reader would say them: `40 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"
