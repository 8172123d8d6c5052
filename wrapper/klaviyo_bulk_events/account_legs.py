"""Serves accounts in legs.

A leg is a run of its own over whole blocks of an account's records, which gives its turn to others
after a while. Between legs an account has nothing in memory but what waits.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

from klaviyo_bulk_events.account_lane import ENOUGH
from klaviyo_bulk_events.account_outcomes import Telling
from klaviyo_bulk_events.account_repeats import RepeatsOfAccount
from klaviyo_bulk_events.async_run import AsyncRun
from klaviyo_bulk_events.async_sender import AsyncSender
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.repeats import Repeats
from klaviyo_bulk_events.report import Report, StoppedError
from klaviyo_bulk_events.stream_lane import StreamLane
from klaviyo_bulk_events.waiting import BLOCK, Waiting

_BLOCKS_OF_A_LEG: Final = 100
"""After so many an account lets another have its turn; at its limits that is 40 seconds or more."""

_log = logging.getLogger("klaviyo_bulk_events")


class Legs:
    """Takes records that wait for their accounts, of `at_once` accounts at a time.

    `parked` counts accounts that nothing more is sent to.
    """

    def __init__(
        self,
        sender: Callable[[str], AsyncSender],
        waiting: Waiting,
        telling: Telling,
        *,
        at_once: int,
        backfill: bool | None,
        intake: Intake,
    ) -> None:
        self._sender = sender
        self._waiting = waiting
        self._telling = telling
        self._turns = asyncio.Semaphore(at_once)
        self._backfill = backfill
        self._intake = intake
        self._repeats = Repeats(intake.window)
        self._lanes: dict[str, StreamLane] = {}
        self._content: set[str] = set()
        self.parked = 0
        self._room = asyncio.Event()
        self._ended = asyncio.Event()
        self.stopped = self._read_all = False

    @property
    def content(self) -> int:
        """How many accounts need no more records for now, or ever."""
        return len(self._content) + self.parked

    def put(self, account: str, record: Record) -> None:
        """Have a record wait; where there is a block of them, the account is served."""
        lane = self._lane(account)
        if lane.parked is not None:
            lane.give_up([record])
            return
        self._waiting.put(account, record)
        count = lane.count
        if count >= ENOUGH:
            self._content.add(account)
        if count >= BLOCK:
            self._begin(lane)

    def _lane(self, account: str) -> StreamLane:
        lane = self._lanes.get(account)
        if lane is None:
            lane = StreamLane(account=account, waiting=self._waiting, telling=self._telling)
            self._lanes[account] = lane
        return lane

    async def make_room(self) -> None:
        """Wait until records are taken; where no account is served, the largest is."""
        self._room.clear()
        if not self._is_serving:
            for account in self._waiting.accounts()[:1]:  # not one has a whole block
                self._begin(self._lanes[account])
        await self._room.wait()

    async def finish(self) -> None:
        """No record comes any more: serve what still waits, the largest accounts first."""
        self._read_all = True
        while True:
            self._ended.clear()
            for account in self._waiting.accounts():
                lane = self._lanes[account]
                if not self.stopped:
                    self._begin(lane)
                elif lane.leg is None:
                    self._park(lane, "the run was stopped")
            if not self._is_serving:
                return
            await self._ended.wait()

    def stop(self) -> None:
        """End early, from the event loop: what is in flight is settled, the rest is unsent."""
        self.stopped = True
        self._room.set()
        for lane in self._lanes.values():
            if lane.run is not None:
                lane.run.stop()

    def reports(self) -> dict[str, Report]:
        """A report for each account that came up."""
        return {account: lane.report() for account, lane in self._lanes.items()}

    @property
    def _is_serving(self) -> bool:
        return any(lane.leg for lane in self._lanes.values())

    def _begin(self, lane: StreamLane) -> None:
        if lane.leg is None:
            lane.leg = asyncio.create_task(self._leg(lane))

    async def _leg(self, lane: StreamLane) -> None:
        try:
            async with self._turns:
                if not self.stopped:
                    await self._serve(lane)
        finally:
            lane.leg = lane.run = None
            if lane.count >= BLOCK and not self.stopped:
                self._begin(lane)
            self._room.set()
            self._ended.set()

    async def _serve(self, lane: StreamLane) -> None:
        why: str | None = None
        try:
            sender = self._sender(lane.account)
            lane.run = self._run(sender, lane)
            async for outcome in lane.run:
                self._telling.tell(lane.account, outcome, after=lane.settled)
        except StoppedError as stopped:
            why = str(stopped)
        except Exception as error:  # one account's trouble is its own
            _log.exception("the account %s is given up", lane.account)
            why = str(error) if isinstance(error, ConfigurationError) else type(error).__name__
        if lane.run is not None:
            await sender.rest()
            report = lane.run.report()
            lane.reports.append(report)
            lane.settled += report.submitted
            why = why or report.stopped
        if self.stopped:
            why = why or "the run was stopped"
        if why is not None:
            self._park(lane, why)

    def _run(self, sender: AsyncSender, lane: StreamLane) -> AsyncRun:
        return sender.run(
            self._blocks(lane),
            self._backfill,
            self._intake,
            None,
            keep_records=self._telling.is_heard,
            repeats=RepeatsOfAccount(self._repeats, lane.account),
        )

    async def _blocks(self, lane: StreamLane) -> AsyncIterator[Record]:
        """What a leg takes: at least a block, and then only whole ones, so requests are full."""
        for number in range(_BLOCKS_OF_A_LEG):
            count = lane.count
            if not count or (number and count < BLOCK and not self._read_all):
                return
            lane.take()
            if lane.count < ENOUGH:
                self._content.discard(lane.account)
            self._room.set()
            while lane.left:
                yield await lane.next()

    def _park(self, lane: StreamLane, why: str) -> None:
        if lane.parked is None:
            self.parked += 1
            self._content.discard(lane.account)
        lane.park(why)
