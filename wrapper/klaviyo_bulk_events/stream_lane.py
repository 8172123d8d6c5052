"""An account in a stream: what its legs come to."""

import asyncio

import attrs
from attrs import Factory, define

from klaviyo_bulk_events.account_lane import Lane
from klaviyo_bulk_events.account_outcomes import Telling
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.planner import Record, not_taken
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.report import Report, Tally, summed


@define(eq=False, kw_only=True)
class StreamLane(Lane):
    """An account that has come up; `leg` is under way, `reports` are those of the legs before."""

    telling: Telling
    leg: asyncio.Task[None] | None = None
    unsent: Tally = Factory(Tally)
    reports: list[Report] = Factory(list)

    def tell_unsent(self, record: Record, problem: Problem) -> None:
        """Count it, too: it is in no leg's report."""
        outcome = not_taken(record, Status.UNSENT, self.settled, problem)
        self.unsent.add_outcome(outcome)
        self.telling.tell(self.account, outcome)

    def report(self) -> Report:
        """What its legs come to, one after the other, and what was never sent."""
        parts = [*self.reports, self.unsent.report(self.unsent.settled)]
        total = summed(parts, seconds=sum(part.seconds for part in parts))
        return attrs.evolve(total, stopped=self.parked)
