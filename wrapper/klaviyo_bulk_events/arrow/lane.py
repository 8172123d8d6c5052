"""An account whose rows a task sends."""

import asyncio
from collections import deque
from collections.abc import Iterable

from attrs import Factory, define

from klaviyo_bulk_events.arrow.telling import Telling
from klaviyo_bulk_events.async_run import AsyncRun
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.problems import Problem


@define(eq=False)
class Lane:
    """An account; as a `chunk_ledger.Source`, what its run has read and whether that was all.

    `size` is how many rows it has, if that is known, and `came` how many came of them. `left` is
    what its run took and did not read yet, `parked` why nothing more is sent; `settled` counts the
    rows that have their outcome, once its run has ended.
    """

    account: str
    size: float
    telling: Telling
    came: int = 0
    read: int = 0
    ended: bool = False
    more: asyncio.Event = Factory(asyncio.Event)
    left: deque[Record] = Factory(deque)
    run: AsyncRun | None = None
    parked: str | None = None
    settled: int = 0

    @property
    def needs(self) -> bool:
        """Whether more rows of it may come."""
        return self.came < self.size

    def give_up(self, rows: Iterable[Record]) -> None:
        """Nothing of these rows is sent, for what it is parked for."""
        problem = Problem("", "account_given_up", f"not sent: {self.parked}")
        for _ in rows:
            self.telling.add(Outcome(Status.UNSENT, self.settled, None, (problem,)))
            self.settled += 1
