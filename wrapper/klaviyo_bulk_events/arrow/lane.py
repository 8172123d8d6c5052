"""An account whose rows a task sends."""

import asyncio

from attrs import Factory, define

from klaviyo_bulk_events.account_lane import Lane
from klaviyo_bulk_events.arrow.telling import Telling
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.problems import Problem


@define(eq=False, kw_only=True)
class RowLane(Lane):
    """An account; as a `chunk_ledger.Source`, what its run has read and whether that was all.

    `size` is how many rows it has, if that is known, and `came` how many came of them.
    """

    size: float
    telling: Telling
    came: int = 0
    read: int = 0
    ended: bool = False
    more: asyncio.Event = Factory(asyncio.Event)

    @property
    def needs(self) -> bool:
        """Whether more rows of it may come."""
        return self.came < self.size

    def tell_unsent(self, record: Record, problem: Problem) -> None:
        """Without the record: batches of outcomes don't have it."""
        self.telling.add(Outcome(Status.UNSENT, self.settled, None, (problem,)))
