"""One stream of records of many accounts: it is read as far as there is room for it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterable, Callable, Collection, Iterable
from contextlib import aclosing

from klaviyo_bulk_events.account_legs import Legs
from klaviyo_bulk_events.account_of import AccountOf, with_account
from klaviyo_bulk_events.account_outcomes import NOBODY, Hear, Telling
from klaviyo_bulk_events.async_run import in_turns
from klaviyo_bulk_events.async_sender import AsyncSender
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.report import Report, summed
from klaviyo_bulk_events.waiting import Waiting

_log = logging.getLogger("klaviyo_bulk_events")


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
        self._known = known
        self._waiting = waiting
        self._account = account
        self._telling = Telling(account, hear)
        self._legs = Legs(
            sender, waiting, self._telling, at_once=at_once, backfill=backfill, intake=intake
        )
        self._began = time.monotonic()
        self._told_of_room = False

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
            await self._legs.finish()
        except asyncio.CancelledError as cancelled:
            self.stop()
            await asyncio.shield(self._legs.finish())
            cancelled.add_note(f"cancelled after: {self._total()}")
            raise
        if failure is not None:
            failure.add_note(f"what was taken before is settled: {self._total()}")
            raise failure
        return self._reports()

    def stop(self) -> None:
        """End early, from the event loop: what is in flight is settled, the rest is unsent."""
        self._legs.stop()

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
            self._legs.put(account, record)

    @property
    def _is_over(self) -> bool:
        return self._legs.stopped or 0 < len(self._known) <= self._legs.parked

    @property
    def _is_enough(self) -> bool:
        return self._waiting.is_full or 0 < len(self._known) <= self._legs.content

    async def _for_room(self) -> None:
        if self._waiting.is_full and not self._told_of_room:
            self._told_of_room = True
            _log.warning(
                "records of slow accounts fill their place on disk: the others wait for them now"
            )
        await self._legs.make_room()

    def _total(self) -> Report | str:
        reports = self._reports()
        seconds = time.monotonic() - self._began
        return summed(reports.values(), seconds=seconds) if reports else "nothing"

    def _reports(self) -> dict[str, Report]:
        reports = self._legs.reports()
        nobody = self._telling.nobody
        if nobody.settled:
            reports[NOBODY] = nobody.report(nobody.settled)
        return reports
