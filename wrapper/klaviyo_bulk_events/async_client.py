"""The asyncio client."""

from collections.abc import AsyncIterable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

import httpx

from klaviyo_bulk_events.async_run import AsyncRun
from klaviyo_bulk_events.async_sender import AsyncSender
from klaviyo_bulk_events.credentials import TokenSource, credential
from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.journaling import JournalLike
from klaviyo_bulk_events.limiting import MEMORY, LimiterUrl
from klaviyo_bulk_events.logs import log
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.queues import QueueOptions, async_queue_for
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.settings import Settings, guarded, ignore, read_rates, together
from klaviyo_bulk_events.steps import Watcher

if TYPE_CHECKING:
    from klaviyo_bulk_events.queues import AsyncEventQueue


class AsyncKlaviyoBulkEvents:
    """`KlaviyoBulkEvents` for asyncio: the same arguments, and the same methods as coroutines.

    Belongs to the event loop in which it is first used.
    """

    def __init__(
        self,
        api_key: str | TokenSource | None = None,
        *,
        account: str | None = None,
        base_url: str | None = None,
        rates: Iterable[Rate | str] | None = None,
        share: float = 1.0,
        limiter: str = MEMORY,
        timeout: float = 60.0,
        deadline: float = 600.0,
        wait_for_outage: float | None = None,
        max_in_flight: int = 10,
        narrowing_budget: int = 32,
        resend_unsafe: bool = False,
        on_event: Watcher = ignore,
        allow_plain_http: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        who, shared = credential(api_key), LimiterUrl(limiter)
        del api_key, limiter
        kept = read_rates(rates, share)
        self._endpoint = Endpoint.of(
            who, base_url, account=account, allow_plain_http=allow_plain_http
        )
        self._settings = Settings(
            rates=kept,
            shared_limiter=shared,
            account=self._endpoint.account,
            timeout=timeout,
            deadline=deadline,
            wait_for_outage=wait_for_outage,
            max_in_flight=max_in_flight,
            narrowing_budget=narrowing_budget,
            resend_unsafe=resend_unsafe,
            watch=together(guarded(log), guarded(on_event)),
        )
        self._sender = AsyncSender(self._settings, self._endpoint, transport)

    async def send(
        self,
        events: Iterable[Record] | AsyncIterable[Record],
        *,
        backfill: bool | None,
        intake: Intake | None = None,
        journal: JournalLike | None = None,
    ) -> Report:
        """Deliver the events and report what became of them."""
        run = self._sender.run(events, backfill, intake, journal, keep_records=False)
        return await run.finish()

    def stream(
        self,
        events: Iterable[Record] | AsyncIterable[Record],
        *,
        backfill: bool | None,
        intake: Intake | None = None,
        journal: JournalLike | None = None,
    ) -> AsyncRun:
        """Deliver the events, yielding the outcome of each as it is known, in any order."""
        return self._sender.run(events, backfill, intake, journal, keep_records=True)

    def queue(self, *, backfill: bool | None, **options: Unpack[QueueOptions]) -> "AsyncEventQueue":
        """A queue that takes single events at once and sends them in the background.

        `backfill` is as in `send`; the options are those of `queues.QueueOptions`. It lives until
        it is closed, whatever becomes of the client, and sends from a thread, on connections of
        its own. Raises SpoolError.
        """
        self._sender.check_open()
        return async_queue_for(self._settings, self._endpoint, backfill, options)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._sender.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def sender_of(client: AsyncKlaviyoBulkEvents) -> AsyncSender:
    """What a client sends by, for those who have many accounts."""
    return client._sender
