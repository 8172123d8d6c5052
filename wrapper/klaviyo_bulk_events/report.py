"""The sum of a run."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
from attrs import frozen

from klaviyo_bulk_events.chunker import warned
from klaviyo_bulk_events.errors import ConfigurationError, KlaviyoBulkEventsError
from klaviyo_bulk_events.outcomes import Fate, Outcome, Settlement, Status

COSTS: Final = ("requests", "retries", "narrowing", "throttled", "bytes")
"""What a run took, as reports and settlements name it, in the order in which it is kept."""


@frozen(kw_only=True)
class Report:
    """What became of the events of a run, and what it took.

    Attributes:
        submitted: accepted + duplicate + rejected + unknown + unsent, always.
        accepted: Klaviyo answered 202 to a request that held the event.
        duplicate: given before in this run, or named as a repeat by Klaviyo.
        rejected: breaks a rule, ours or Klaviyo's, or was refused together with one that does, and
            was not recorded.
        unknown: sent, and no answer settled it.
        unsent: not sent, or certainly not processed.
        requests: attempts, those that had no answer included.
        retries: attempts at a request after its first in this session, whatever came of that.
        narrowing: smaller requests made of those that Klaviyo refused, also if they were then not
            sent.
        throttled: attempts that were answered 429.
        bytes: of the bodies of all attempts, those that did not connect included.
        seconds: from the beginning of the run to its end, over all sessions of its journal. For an
            account of a stream, while it was served; for many accounts, of the whole call.
        rejections: rejected events by code.
        warnings: warned of events by code.
        stopped: why the run ended before its source did, if it did.
    """

    submitted: int
    accepted: int
    duplicate: int
    rejected: int
    unknown: int
    unsent: int
    requests: int
    retries: int
    narrowing: int
    throttled: int
    bytes: int
    seconds: float
    rejections: Mapping[str, int]
    warnings: Mapping[str, int]
    stopped: str | None = None

    def __attrs_post_init__(self) -> None:
        settled = self.accepted + self.duplicate + self.rejected + self.unknown + self.unsent
        if self.submitted != settled:
            raise AssertionError(f"{self.submitted} events submitted, {settled} settled")

    def as_dict(self) -> dict[str, Any]:
        """The report's fields under their names, for JSON."""
        return attrs.asdict(self)


def summed(reports: Iterable[Report], *, seconds: float) -> Report:
    """What several runs come to, which took so long together; of what stopped them, the first."""
    every = list(reports)
    sums = {
        field.name: sum(getattr(report, field.name) for report in every)
        for field in attrs.fields(Report)
        if field.type is int
    }
    by_code: dict[str, Any] = {
        name: dict(sum((Counter(getattr(report, name)) for report in every), Counter[str]()))
        for name in ("rejections", "warnings")
    }
    stopped = next((report.stopped for report in every if report.stopped is not None), None)
    return Report(**sums, **by_code, seconds=seconds, stopped=stopped)


class StoppedError(KlaviyoBulkEventsError):
    """No request can succeed any more; `report` is the sum of what was settled until then."""

    def __init__(self, reason: str, report: Report) -> None:
        super().__init__(reason)
        self.report = report

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.report)


class Tally:
    """Counts what became of events, and the time from `begin` to `end`."""

    def __init__(self) -> None:
        self._status: Counter[Status] = Counter()
        self._rejections: Counter[str] = Counter()
        self._warnings: Counter[str] = Counter()
        self._costs = dict.fromkeys(COSTS, 0)
        self._seconds = 0.0
        self._since: float | None = None
        self.stopped: str | None = None

    @classmethod
    def restored(cls, counts: Mapping[str, Any]) -> "Tally":
        """A tally that goes on from what another counted."""
        tally = cls()
        tally._status.update({Status(name): n for name, n in counts["status"].items()})
        tally._rejections.update(counts["rejections"])
        tally._warnings.update(counts["warnings"])
        tally._costs = dict(zip(COSTS, counts["requests"], strict=True))
        tally._seconds = counts["seconds"]
        return tally

    def counts(self) -> dict[str, Any]:
        """All that was counted, in plain JSON values."""
        return {
            "status": {status.value: count for status, count in self._status.items()},
            "rejections": dict(self._rejections),
            "warnings": dict(self._warnings),
            "requests": list(self._costs.values()),
            "seconds": self._passed(),
        }

    def begin(self) -> None:
        """From now on the time counts."""
        self._since = time.monotonic()

    def end(self) -> None:
        """From now on it counts no more."""
        self._seconds, self._since = self._passed(), None

    def _passed(self) -> float:
        since = 0.0 if self._since is None else time.monotonic() - self._since
        return self._seconds + since

    @property
    def settled(self) -> int:
        """How many events were counted."""
        return self._status.total()

    def add(self, status: Status, events: int) -> None:
        """Count events of which nothing else is known."""
        self._status[status] += events

    def add_outcome(self, outcome: Outcome) -> None:
        """Count an event that was settled before anything was sent."""
        self._status[outcome.status] += 1
        self.add_warned(dict.fromkeys((warning.code for warning in outcome.warnings), 1))
        if outcome.status is Status.REJECTED:
            self._rejections[outcome.problems[0].code] += 1

    def add_settlement(self, settlement: Settlement) -> None:
        """Count a chunk that was settled."""
        self.add_cost(settlement)
        for fate in settlement.fates:
            self.add_fate(fate)
        chunk, fates = settlement.chunk, settlement.fates
        if chunk is not None and len(chunk) == sum(len(fate.events) for fate in fates):
            self.add_warned(chunk.warned())
        else:
            self.add_warned(warned(event for fate in fates for event in fate.events))

    def add_cost(self, settlement: Settlement) -> None:
        """Count what it took to settle a chunk."""
        for name in COSTS:
            self._costs[name] += getattr(settlement, name)

    def add_fate(self, fate: Fate) -> None:
        """Count what became of events, but for their warnings."""
        self._status[fate.status] += len(fate.events)
        if fate.status is Status.REJECTED:
            self._rejections[fate.problems[0].code] += len(fate.events)

    def by_status(self) -> Counter[Status]:
        """How many events were counted, by status."""
        return self._status.copy()

    def add_warned(self, counts: Mapping[str, int]) -> None:
        """Count events that were warned of, by code."""
        for code, count in counts.items():
            self._warnings[code] += count

    def book_unsent(self, submitted: int) -> None:
        """Book what was interrupted before anything could be said of it."""
        self._status[Status.UNSENT] += submitted - sum(self._status.values())

    def report(self, submitted: int) -> Report:
        """The sum of all that was counted, of `submitted` events.

        Raises ConfigurationError while some are not settled.
        """
        if self.settled != submitted:
            raise ConfigurationError("the run has not ended: iterate over it, or finish() it")
        return Report(
            submitted=submitted,
            **{status.value: self._status[status] for status in Status},
            **self._costs,
            seconds=self._passed(),
            rejections=dict(self._rejections.most_common()),
            warnings=dict(self._warnings.most_common()),
            stopped=self.stopped,
        )
