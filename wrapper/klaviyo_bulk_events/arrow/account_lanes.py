"""Rows of many accounts in one task: they are read as far as there is room for them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any, Final

from klaviyo_bulk_events.account_lane import ENOUGH
from klaviyo_bulk_events.account_of import AccountOf, with_account
from klaviyo_bulk_events.account_outcomes import NOBODY, refusal
from klaviyo_bulk_events.arrow.account_runs import AccountRuns
from klaviyo_bulk_events.arrow.lane import RowLane
from klaviyo_bulk_events.arrow.rows import pulled
from klaviyo_bulk_events.arrow.store import Store
from klaviyo_bulk_events.arrow.telling import Telling
from klaviyo_bulk_events.async_sender import AsyncSender
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.planner import Record, Sourced
from klaviyo_bulk_events.waiting import Waiting

_ROWS_AT_ONCE: Final = 1_000
LANES: Final = 50
"""Accounts that are served at a time, where `sizes` says when one has had all of its rows."""
_OTHER_SIZE: Final = (
    "the account {!r} has {} rows than the {:,} that were counted: the source gives others each "
    "time it is read"
)


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
        self._known = known
        self._account = account
        self._waiting = waiting
        self._sizes = sizes
        self._runs = AccountRuns(sender, store, run, backfill=backfill, intake=intake)
        self._lanes: dict[str, RowLane] = {}
        self._told: asyncio.Queue[Any] = asyncio.Queue()
        self._nobody = Telling(NOBODY, self._told.put_nowait)
        self._refused = 0

    async def outcomes(self, rows: Iterable[Sourced]) -> AsyncGenerator[Any]:
        """Deliver the rows; their outcomes. Whoever leaves it has what is in flight settled."""
        whole = asyncio.create_task(self._whole(rows))
        try:
            while (batch := await self._told.get()) is not None:
                yield batch
        finally:
            self._runs.stop()
            await whole
        if self._runs.failure is not None:
            raise self._runs.failure

    async def _whole(self, rows: Iterable[Sourced]) -> None:
        read_all = False
        try:
            read_all = await self._read(rows)
        except Exception as error:  # whatever the engine raises
            self._runs.fail(error)
        await self._runs.finish(read_all=read_all)
        for lane in self._lanes.values():
            lane.telling.flush()
        self._nobody.flush()
        self._told.put_nowait(None)

    async def _read(self, rows: Iterable[Sourced]) -> bool:
        """Whether these were all."""
        source = iter(rows)
        while not self._runs.is_over:
            # In a thread: the engine may take its time, and requests are under way meanwhile.
            some, error = await asyncio.to_thread(pulled, source, _ROWS_AT_ONCE)
            for row in some:
                if self._put(row):
                    await self._roomy()
            if error is not None:
                raise error
            if not some:
                self._check_sizes()
                return True
            await self._roomy()
        return False

    async def _roomy(self) -> None:
        while self._is_enough and not self._runs.is_over:
            await self._runs.for_room()

    @property
    def _is_enough(self) -> bool:
        """Whether nobody needs more rows now."""
        under_way = self._runs.under_way
        hungry = [lane for lane in under_way if lane.needs]
        if any(lane.count < ENOUGH for lane in hungry):
            return self._waiting.is_full
        return self._waiting.is_full or bool(hungry) or len(under_way) >= LANES

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

    def _begun(self, account: str) -> RowLane:
        size = float("inf") if self._sizes is None else self._sizes.get(account, 0)
        telling = Telling(account, self._told.put_nowait)
        lane = RowLane(account=account, waiting=self._waiting, size=size, telling=telling)
        self._runs.begin(lane)
        return lane

    def _check_sizes(self) -> None:
        """Raises JournalError before the last request of an account whose rows are not all there.

        Another attempt, at which they are, would cut it elsewhere.
        """
        for lane in self._lanes.values():
            if self._sizes is not None and lane.needs:
                raise JournalError(_OTHER_SIZE.format(lane.account, "fewer", lane.size))

    def _refuse(self, account: str | None, row: Record) -> None:
        problem = refusal(account, self._account, row)
        self._nobody.add(Outcome(Status.REJECTED, self._refused, None, (problem,)))
        self._refused += 1
