"""One stream of records of many accounts.

An account is served in legs: a run of its own over whole blocks of its records, which gives its
turn to others after a while. Between legs an account has nothing in memory but what waits.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Collection, Iterable
from contextlib import aclosing
from typing import Final

import attrs
from attrs import Factory, define

from klaviyo_bulk_events.account_of import AccountOf, with_account
from klaviyo_bulk_events.account_outcomes import NOBODY, Hear, Telling, outcome_of
from klaviyo_bulk_events.account_repeats import Remembering
from klaviyo_bulk_events.async_run import AsyncRun, in_turns
from klaviyo_bulk_events.async_sender import AsyncSender
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.repeats import Repeats
from klaviyo_bulk_events.report import Report, StoppedError, Tally, summed
from klaviyo_bulk_events.waiting import BLOCK, Waiting

_BLOCKS_OF_A_LEG: Final = 100
"""After so many an account lets another have its turn; at its limits that is 40 seconds or more."""
_ENOUGH: Final = 2 * BLOCK
"""An account with so many records waiting needs no more to be read for now."""

_RECORDS_AT_ONCE: Final = 100
"""Records handed on before the event loop gets a turn."""

_log = logging.getLogger("klaviyo_bulk_events")


@define(eq=False)
class _Lane:
    """An account that has come up in the stream.

    `left` is what its leg took and did not read yet, `parked` why nothing more is sent.
    """

    account: str
    leg: asyncio.Task[None] | None = None
    run: AsyncRun | None = None
    parked: str | None = None
    counted: int = 0
    left: deque[Record] = Factory(deque)
    unsent: Tally = Factory(Tally)
    reports: list[Report] = Factory(list)


class AccountStream:
    """Delivers records to their accounts, none slowed by another's pause, refusal or size.

    The source is read as long as there is an account with little to send. Records that come for
    others meanwhile wait, in memory and then on disk. Once the disk's share is full nothing is read
    until there is room: from then on the stream is as fast as its slowest account, which is said in
    the log. No record is refused for want of room: it would be lost for another account's size.
    """

    def __init__(
        self,
        sender: Callable[[str], AsyncSender],
        known: Collection[str],
        waiting: Waiting,
        *,
        at_once: int,
        account: AccountOf,
        backfill: bool | None,
        intake: Intake,
        hear: Hear | None,
    ) -> None:
        self._sender = sender
        self._known = known
        self._waiting = waiting
        self._turns = asyncio.Semaphore(at_once)
        self._account = account
        self._backfill = backfill
        self._intake = intake
        self._telling = Telling(account, hear)
        self._repeats = Repeats(intake.window)
        self._lanes: dict[str, _Lane] = {}
        self._content: set[str] = set()
        self._parked = 0
        self._room = asyncio.Event()
        self._ended = asyncio.Event()
        self._stopped = self._read_all = self._told_of_room = False

    async def send(self, records: Iterable[Record] | AsyncIterable[Record]) -> dict[str, Report]:
        """Deliver them all; a report for each account that came up.

        Whatever `records` raises is raised once everything that was read is settled.
        """
        failure: Exception | None = None
        try:
            try:
                await self._read(records)
            except Exception as error:
                failure = error
            self._read_all = True
            await self._finish()
        except asyncio.CancelledError as cancelled:
            self.stop()
            await asyncio.shield(self._finish())
            cancelled.add_note(f"cancelled after: {self._total()}")
            raise
        if failure is not None:
            failure.add_note(f"what was taken before is settled: {self._total()}")
            raise failure
        return self._reports()

    def stop(self) -> None:
        """End early, from the event loop: what is in flight is settled, the rest is unsent."""
        self._stopped = True
        self._room.set()
        for lane in self._lanes.values():
            if lane.run is not None:
                lane.run.stop()

    async def _read(self, records: Iterable[Record] | AsyncIterable[Record]) -> None:
        async with aclosing(in_turns(records)) as turns:
            async for record in turns:
                self._sort(record)
                while not self._is_over and self._is_enough:
                    await self._for_room()
                if self._is_over:
                    return

    def _sort(self, record: Record) -> None:
        account, record = with_account(record, self._account)
        if account is None or account not in self._known:
            self._telling.refuse(account, record)
        else:
            self._put(self._lanes.setdefault(account, _Lane(account)), record)

    def _put(self, lane: _Lane, record: Record) -> None:
        if lane.parked is not None:
            self._give_up(lane, [record])
            return
        self._waiting.put(lane.account, record)
        count = self._waiting.count(lane.account)
        if count >= _ENOUGH:
            self._content.add(lane.account)
        if count >= BLOCK:
            self._begin(lane)

    @property
    def _is_over(self) -> bool:
        return self._stopped or 0 < len(self._known) <= self._parked

    @property
    def _is_enough(self) -> bool:
        content = len(self._content) + self._parked
        return self._waiting.is_full or 0 < len(self._known) <= content

    async def _for_room(self) -> None:
        if self._waiting.is_full and not self._told_of_room:
            self._told_of_room = True
            _log.warning(
                "records of slow accounts fill their place on disk: the others wait for them now"
            )
        self._room.clear()
        if not any(lane.leg for lane in self._lanes.values()):
            for account in self._waiting.accounts()[:1]:  # not one has a whole block
                self._begin(self._lanes[account])
        await self._room.wait()

    def _begin(self, lane: _Lane) -> None:
        if lane.leg is None:
            lane.leg = asyncio.create_task(self._leg(lane))

    async def _finish(self) -> None:
        """Serve what still waits, the largest accounts first."""
        while True:
            self._ended.clear()
            for account in self._waiting.accounts():
                lane = self._lanes[account]
                if not self._stopped:
                    self._begin(lane)
                elif lane.leg is None:
                    self._park(lane, "the run was stopped")
            if not any(lane.leg for lane in self._lanes.values()):
                return
            await self._ended.wait()

    async def _leg(self, lane: _Lane) -> None:
        try:
            async with self._turns:
                if not self._stopped:
                    await self._serve(lane)
        finally:
            lane.leg = lane.run = None
            if self._waiting.count(lane.account) >= BLOCK and not self._stopped:
                self._begin(lane)
            self._room.set()
            self._ended.set()

    async def _serve(self, lane: _Lane) -> None:
        why: str | None = None
        try:
            sender = self._sender(lane.account)
            lane.run = self._run(sender, lane)
            async for outcome in lane.run:
                self._telling.tell(lane.account, outcome, after=lane.counted)
        except StoppedError as stopped:
            why = str(stopped)
        except Exception as error:  # one account's trouble is its own
            _log.exception("the account %s is given up", lane.account)
            why = str(error) if isinstance(error, ConfigurationError) else type(error).__name__
        if lane.run is not None:
            await sender.rest()
            report = lane.run.report()
            lane.reports.append(report)
            lane.counted += report.submitted
            why = why or report.stopped
        if self._stopped:
            why = why or "the run was stopped"
        if why is not None:
            self._park(lane, why)

    def _run(self, sender: AsyncSender, lane: _Lane) -> AsyncRun:
        return sender.run(
            self._blocks(lane),
            self._backfill,
            self._intake,
            Remembering(self._repeats, lane.account),
            keep_records=self._telling.is_heard,
        )

    async def _blocks(self, lane: _Lane) -> AsyncIterator[Record]:
        """What a leg takes: at least a block, and then only whole ones, so requests are full."""
        for number in range(_BLOCKS_OF_A_LEG):
            count = self._waiting.count(lane.account)
            if not count or (number and count < BLOCK and not self._read_all):
                return
            lane.left.extend(self._waiting.take(lane.account))
            if self._waiting.count(lane.account) < _ENOUGH:
                self._content.discard(lane.account)
            self._room.set()
            while lane.left:
                if len(lane.left) % _RECORDS_AT_ONCE == 0:
                    await asyncio.sleep(0)
                yield lane.left.popleft()

    def _park(self, lane: _Lane, why: str) -> None:
        """Send nothing more to the account: what waits for it is unsent, and what still comes."""
        if lane.parked is None:
            lane.parked = why
            self._parked += 1
            self._content.discard(lane.account)
        self._give_up(lane, lane.left)
        lane.left.clear()
        while self._waiting.count(lane.account):
            self._give_up(lane, self._waiting.take(lane.account))

    def _give_up(self, lane: _Lane, records: Iterable[Record]) -> None:
        for record in records:
            problem = Problem("", "account_given_up", f"not sent: {lane.parked}")
            settled = outcome_of(record, Status.UNSENT, problem, lane.counted)
            lane.counted += 1
            lane.unsent.add_outcome(settled)
            self._telling.tell(lane.account, settled)

    def _total(self) -> Report | str:
        reports = self._reports()
        return summed(reports.values()) if reports else "nothing"

    def _reports(self) -> dict[str, Report]:
        reports = {}
        for lane in self._lanes.values():
            parts = [*lane.reports, lane.unsent.report(lane.unsent.settled)]
            reports[lane.account] = attrs.evolve(summed(parts), stopped=lane.parked)
        nobody = self._telling.nobody
        if nobody.settled:
            reports[NOBODY] = nobody.report(nobody.settled)
        return reports
