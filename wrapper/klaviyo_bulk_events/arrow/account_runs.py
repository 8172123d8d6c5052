"""A run for each account, side by side in an event loop.

A run takes all rows of its account, in their order, and cuts its requests from them alone: another
attempt cuts the same ones, whatever happens to other accounts meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from klaviyo_bulk_events.arrow.attempts import Attempt, remember
from klaviyo_bulk_events.arrow.chunk_ledger import ChunkJournal
from klaviyo_bulk_events.arrow.lane import RowLane
from klaviyo_bulk_events.arrow.store import Store
from klaviyo_bulk_events.async_sender import AsyncSender
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.report import StoppedError


class AccountRuns:
    """Takes rows that wait for their accounts, of each account whose run was begun.

    `failure` is what ends the attempt (the ledger, the rows themselves), the first of several:
    what has gone out is settled, and nothing more is read.
    """

    def __init__(
        self,
        sender: Callable[[str], AsyncSender],
        store: Store,
        run: str,
        *,
        backfill: bool | None,
        intake: Intake,
    ) -> None:
        self._sender = sender
        self._store = store
        self._run = run
        self._backfill = backfill
        self._intake = intake
        self.under_way: set[RowLane] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._stopped = self._over = self._read_all = False
        self.failure: Exception | None = None

    @property
    def is_over(self) -> bool:
        """Whether no more rows are wanted."""
        return self._stopped or self.failure is not None

    def begin(self, lane: RowLane) -> None:
        """Begin the run of an account."""
        self.under_way.add(lane)
        task = asyncio.create_task(self._serve(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def for_room(self) -> None:
        """Wait until rows are taken, or a run has ended."""
        self._room.clear()
        await self._room.wait()

    def fail(self, error: Exception) -> None:
        """End the attempt. The first error counts."""
        self.failure = self.failure or error

    def stop(self) -> None:
        """End early: what is in flight is settled, the rest is unsent."""
        self._stopped = True
        self._room.set()
        for lane in self.under_way:
            lane.more.set()
            if lane.run is not None:
                lane.run.stop()

    async def finish(self, *, read_all: bool) -> None:
        """No row comes any more: wait for the runs. Of `read_all`, those that came were all."""
        self._over, self._read_all = True, read_all
        for lane in self.under_way:
            lane.more.set()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, lane: RowLane) -> None:
        journal = ChunkJournal(self._store, self._run, lane.account, lane)
        sender: AsyncSender | None = None
        why: str | None = None
        try:
            sender = self._sender(lane.account)
            rows = self._rows(lane)
            lane.run = sender.run(rows, self._backfill, self._intake, journal, keep_records=False)
            if journal.ledger is not None:
                lane.telling.chunk_of = journal.ledger.take_chunk_of
            async for outcome in lane.run:
                lane.telling.add(outcome)
        except (StoppedError, ConfigurationError) as error:
            why = str(error)
        except Exception as error:  # the ledger, the limiter: another attempt may do better
            self.fail(error)
            why = type(error).__name__
        try:
            if sender is not None:
                await sender.rest()
            await self._end(lane, why)
        except Exception as error:  # nobody else waits for this task
            self.fail(error)
        self.under_way.discard(lane)
        self._room.set()

    async def _rows(self, lane: RowLane) -> AsyncIterator[Record]:
        while not self._stopped:
            if lane.count:
                lane.take()
                self._room.set()
                while lane.left:
                    row = await lane.next()
                    lane.read += 1
                    yield row
            elif not lane.needs or self._over:
                # Cut short by a failure it has not ended: its last chunk may lack rows.
                lane.ended = self._read_all or (not lane.needs and self.failure is None)
                return
            else:
                lane.more.clear()
                await lane.more.wait()

    async def _end(self, lane: RowLane, why: str | None) -> None:
        report = None if lane.run is None else lane.run.report()
        if report is not None:
            lane.settled, why = report.submitted, why or report.stopped
        if why is None and self._stopped:
            why = "the attempt was left"
        lane.telling.flush()
        ended = lane.ended and why is None
        attempt = Attempt.of(report, lane.telling.before, ended=ended, stopped=why)
        try:
            await asyncio.to_thread(remember, attempt, self._store, self._run, lane.account)
        except Exception as error:  # the ledger: another attempt may do better
            self.fail(error)
        if why is not None:
            lane.park(why)
