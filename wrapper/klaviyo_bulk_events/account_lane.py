"""An account whose records come in a stream with those of others."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import Final

from attrs import Factory, define

from klaviyo_bulk_events.async_run import RECORDS_AT_ONCE, AsyncRun
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.waiting import BLOCK, Waiting

ENOUGH: Final = 2 * BLOCK
"""An account with so many records waiting needs no more to be read for now."""


@define(eq=False, kw_only=True)
class Lane(ABC):
    """An account, the records that wait for it, and the run that takes them.

    `left` is what its run took and did not read yet, `parked` why nothing more is sent, `settled`
    how many of its records have their outcome, but for those of a run that goes on.
    """

    account: str
    waiting: Waiting
    run: AsyncRun | None = None
    left: deque[Record] = Factory(deque)
    parked: str | None = None
    settled: int = 0

    @property
    def count(self) -> int:
        """How many of its records wait."""
        return self.waiting.count(self.account)

    def take(self) -> None:
        """Take a block of what waits, or all, for the run."""
        self.left.extend(self.waiting.take(self.account))

    async def next(self) -> Record:
        """The next of what was taken; the event loop gets its turns meanwhile."""
        if len(self.left) % RECORDS_AT_ONCE == 0:
            await asyncio.sleep(0)
        return self.left.popleft()

    def park(self, why: str) -> None:
        """Send nothing more: what was taken or waits is unsent, and what still comes."""
        self.parked = self.parked or why
        self.give_up(self.left)
        self.left.clear()
        while self.count:
            self.give_up(self.waiting.take(self.account))

    def give_up(self, records: Iterable[Record]) -> None:
        """Nothing of these records is sent, for what it is parked for."""
        problem = Problem("", "account_given_up", f"not sent: {self.parked}")
        for record in records:
            self.tell_unsent(record, problem)
            self.settled += 1

    @abstractmethod
    def tell_unsent(self, record: Record, problem: Problem) -> None:
        """Tell that the record is unsent; `settled` is its position."""
