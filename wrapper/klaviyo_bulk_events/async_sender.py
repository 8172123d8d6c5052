"""What sends to one account from an event loop, for its client and for many accounts."""

from collections.abc import AsyncIterable, Callable, Iterable

import httpx

from klaviyo_bulk_events.async_driver import AsyncDriver
from klaviyo_bulk_events.async_lanes import AsyncLanes, Verification
from klaviyo_bulk_events.async_run import AsyncRun
from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.journaling import JournalLike, ledger_for
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.repeats import Memory
from klaviyo_bulk_events.settings import Settings, check_backfill, check_events, planner, together


class AsyncSender:
    """Makes runs, which share the account's limiter and connections."""

    def __init__(
        self, settings: Settings, endpoint: Endpoint, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._lanes = AsyncLanes(endpoint, settings.timeout, settings.max_in_flight, transport)
        self._closed = False

    def run(
        self,
        events: Iterable[Record] | AsyncIterable[Record],
        backfill: bool | None,
        intake: Intake | None,
        journal: JournalLike | None,
        *,
        keep_records: bool,
        repeats: Memory | None = None,
    ) -> AsyncRun:
        """A run that has not begun; without `keep_records` its outcomes have no records.

        `repeats` finds events that come again, in place of the journal or a window of its own.
        """
        self.check_open()
        check_events(events)
        intake = intake or Intake()
        check_backfill(backfill)
        ledger = ledger_for(journal, self._endpoint, intake, backfill)
        watch = together(self._settings.watch, ledger.hear)
        who = self._endpoint.credential
        driver = AsyncDriver(self._settings.limiter, self._lanes.post, watch, who)
        memory = ledger.repeats if repeats is None else repeats
        plan = planner(intake, backfill, keep_records=keep_records, repeats=memory)
        return AsyncRun(events, plan, driver, self._settings, watch, ledger)

    def check_open(self) -> None:
        """Raises ConfigurationError once the client is closed."""
        if self._closed:
            raise ConfigurationError("the client is closed")

    def share(self, verify: Callable[[], Verification]) -> None:
        """Verify the server by the same as others: one for each account would take memory."""
        self._lanes.verify = verify

    async def rest(self) -> None:
        """Close the connections if none is in use, and the limiter's.

        They are opened again when they are needed.
        """
        await self._lanes.rest()
        self._settings.limiter.close()

    async def aclose(self) -> None:
        """Close the connections, and make no more runs."""
        self._closed = True
        await self._lanes.aclose()
        self._settings.limiter.close()
