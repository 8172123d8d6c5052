"""Rows of many accounts in one task: a run for each account, side by side in an event loop.

A run takes all rows of its account, in their order, and cuts its requests from them alone: another
attempt cuts the same ones, whatever happens to other accounts meanwhile.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Final

from klaviyo_bulk_events.account_of import AccountOf, pointer_to, with_account
from klaviyo_bulk_events.account_outcomes import NOBODY
from klaviyo_bulk_events.arrow.attempts import Attempt, remember
from klaviyo_bulk_events.arrow.chunk_ledger import ChunkJournal
from klaviyo_bulk_events.arrow.lane import Lane
from klaviyo_bulk_events.arrow.rows import pulled
from klaviyo_bulk_events.arrow.store import Store
from klaviyo_bulk_events.arrow.telling import Telling
from klaviyo_bulk_events.async_sender import AsyncSender
from klaviyo_bulk_events.errors import ConfigurationError, JournalError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.planner import Record, Sourced
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.report import StoppedError
from klaviyo_bulk_events.waiting import BLOCK, Waiting

_ROWS_AT_ONCE: Final = 1_000
_RECORDS_AT_ONCE: Final = 100
"""Records handed on before the event loop gets a turn."""
_ENOUGH: Final = 2 * BLOCK
"""An account with so many rows waiting needs no more to be read for now."""
LANES: Final = 50
"""Accounts that are served at a time, where `sizes` says when one has had all of its rows."""
_REFUSED: Final = {
    "missing_account": "the row has no account, so nobody knows where it should go",
    "unknown_account": "there is no credential for the account of this row",
}
_OTHER_SIZE: Final = (
    "the account {!r} has {} rows than the {:,} that were counted: the source gives others each "
    "time it is read"
)

_log = logging.getLogger("klaviyo_bulk_events")


class AccountLanes:
    """Delivers rows to their accounts; tells outcomes in record batches as they are known.

    The rows are read as long as an account has little to send. Rows that come for others meanwhile
    wait, in memory and then on disk; `sizes` says how many rows an account has, so that nothing is
    read for one that has had all of its own. What ends an account's run (a refused key, an outage)
    parks it: its other rows are unsent. What ends the attempt (the ledger, the rows themselves) is
    raised once all that went out is settled.
    """

    def __init__(
        self,
        sender: Callable[[str], AsyncSender],
        known: Callable[[str], bool],
        store: Store,
        run: str,
        *,
        account: AccountOf,
        backfill: bool | None,
        intake: Intake,
        waiting: Waiting,
        sizes: Mapping[str, int] | None = None,
    ) -> None:
        self._sender = sender
        self._known = known
        self._store = store
        self._run = run
        self._account = account
        self._backfill = backfill
        self._intake = intake
        self._waiting = waiting
        self._sizes = sizes
        self._lanes: dict[str, Lane] = {}
        self._under_way: set[Lane] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: asyncio.Queue[Any] = asyncio.Queue()
        self._room = asyncio.Event()
        self._stopped = self._read_all = self._over = False
        self._failure: Exception | None = None
        self._nobody = Telling(NOBODY, self._told.put_nowait)
        self._refused = 0

    async def outcomes(self, rows: Iterable[Sourced]) -> AsyncGenerator[Any]:
        """Deliver the rows; their outcomes. Whoever leaves it has what is in flight settled."""
        whole = asyncio.create_task(self._whole(rows))
        try:
            while (batch := await self._told.get()) is not None:
                yield batch
        finally:
            self._stop()
            await whole
        if self._failure is not None:
            raise self._failure

    async def _whole(self, rows: Iterable[Sourced]) -> None:
        try:
            await self._read(rows)
        except Exception as error:  # whatever the engine raises
            self._failure = self._failure or error
        self._over = True
        for lane in self._lanes.values():
            lane.more.set()
        while self._tasks:
            await asyncio.wait(self._tasks)
        for lane in self._lanes.values():
            lane.telling.flush()
        self._nobody.flush()
        self._told.put_nowait(None)

    def _stop(self) -> None:
        self._stopped = True
        self._room.set()
        for lane in self._lanes.values():
            lane.more.set()
            if lane.run is not None:
                lane.run.stop()

    async def _read(self, rows: Iterable[Sourced]) -> None:
        source = iter(rows)
        while not self._stopped and self._failure is None:
            # In a thread: the engine may take its time, and requests are under way meanwhile.
            some, error = await asyncio.to_thread(pulled, source, _ROWS_AT_ONCE)
            for row in some:
                if self._put(row):
                    await self._roomy()
            if error is not None:
                raise error
            if not some:
                self._check_sizes()
                self._read_all = True
                return
            await self._roomy()

    async def _roomy(self) -> None:
        while self._is_enough and not self._stopped and self._failure is None:
            self._room.clear()
            await self._room.wait()

    def _put(self, row: Record) -> bool:
        """Whether it was the last row of its account."""
        account, row = with_account(row, self._account)
        if account is None or not self._known(account):
            self._refuse(account, row)
            return False
        lane = self._lanes.get(account)
        if lane is None:
            lane = self._lanes[account] = self._begun(account)
        if not lane.needs:
            raise JournalError(_OTHER_SIZE.format(account, "more", lane.size))
        lane.came += 1
        if lane.parked is not None:
            lane.give_up([row])
            return False
        self._waiting.put(account, row)
        lane.more.set()
        return not lane.needs

    def _check_sizes(self) -> None:
        """Raises JournalError before the last request of an account whose rows are not all there.

        Another attempt, at which they are, would cut it elsewhere.
        """
        for lane in self._lanes.values():
            if self._sizes is not None and lane.needs:
                raise JournalError(_OTHER_SIZE.format(lane.account, "fewer", lane.size))

    def _begun(self, account: str) -> Lane:
        size = float("inf") if self._sizes is None else self._sizes.get(account, 0)
        lane = Lane(account, size, Telling(account, self._told.put_nowait))
        self._under_way.add(lane)
        task = asyncio.create_task(self._serve(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return lane

    @property
    def _is_enough(self) -> bool:
        """Whether nobody needs more rows now."""
        hungry = [lane for lane in self._under_way if lane.needs]
        if any(self._waiting.count(lane.account) < _ENOUGH for lane in hungry):
            return self._waiting.is_full
        return self._waiting.is_full or bool(hungry) or len(self._under_way) >= LANES

    async def _serve(self, lane: Lane) -> None:
        journal = ChunkJournal(self._store, self._run, lane.account, lane)
        sender: AsyncSender | None = None
        why: str | None = None
        try:
            sender = self._sender(lane.account)
            rows = self._records(lane)
            lane.run = sender.run(rows, self._backfill, self._intake, journal, keep_records=False)
            if journal.ledger is not None:
                lane.telling.chunk_of = journal.ledger.take_chunk_of
            async for outcome in lane.run:
                lane.telling.add(outcome)
        except (StoppedError, ConfigurationError) as error:
            why = str(error)
        except Exception as error:  # the ledger, the limiter: another attempt may do better
            self._failure = self._failure or error
            why = type(error).__name__
        try:
            if sender is not None:
                await sender.rest()
            await self._end(lane, why)
        except Exception as error:  # nobody else waits for this task
            self._failure = self._failure or error
        self._under_way.discard(lane)
        self._room.set()

    async def _records(self, lane: Lane) -> AsyncIterator[Record]:
        while not self._stopped:
            if self._waiting.count(lane.account):
                lane.left.extend(self._waiting.take(lane.account))
                self._room.set()
                while lane.left:
                    if len(lane.left) % _RECORDS_AT_ONCE == 0:
                        await asyncio.sleep(0)
                    lane.read += 1
                    yield lane.left.popleft()
            elif not lane.needs or self._over:
                # Cut short by a failure it has not ended: its last chunk may lack rows.
                lane.ended = self._read_all or (not lane.needs and self._failure is None)
                return
            else:
                lane.more.clear()
                await lane.more.wait()

    async def _end(self, lane: Lane, why: str | None) -> None:
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
            self._failure = self._failure or error
        if why is not None:
            self._park(lane, why)

    def _park(self, lane: Lane, why: str) -> None:
        """Send nothing more to the account: what waits for it is unsent, and what still comes."""
        lane.parked = why
        lane.give_up(lane.left)
        lane.left.clear()
        while self._waiting.count(lane.account):
            lane.give_up(self._waiting.take(lane.account))

    def _refuse(self, account: str | None, row: Record) -> None:
        """Reject a row of which nobody knows where it should go."""
        code = "missing_account" if account is None else "unknown_account"
        problem = Problem(pointer_to(self._account), code, _REFUSED[code])
        if isinstance(row, Sourced) and row.problem is not None:
            problem = row.problem
        self._nobody.add(Outcome(Status.REJECTED, self._refused, None, (problem,)))
        self._refused += 1
