"""The asyncio client."""

import asyncio
from collections.abc import AsyncIterable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

import httpx

from klaviyo_bulk_events.answers import NoAnswer, Reply
from klaviyo_bulk_events.api_key import ApiKey
from klaviyo_bulk_events.async_driver import AsyncDriver
from klaviyo_bulk_events.async_run import AsyncRun
from klaviyo_bulk_events.endpoint import CONNECT_SECONDS, Endpoint, Received, no_answer
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.journaling import JournalLike, ledger_for
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.queues import QueueOptions, async_queue_for
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.settings import (
    Settings,
    check_backfill,
    check_events,
    guarded,
    ignore,
    planner,
    read_rates,
    together,
)
from klaviyo_bulk_events.steps import Watcher

if TYPE_CHECKING:
    from klaviyo_bulk_events.queues import AsyncEventQueue


class AsyncKlaviyoBulkEvents:
    """`KlaviyoBulkEvents` for asyncio: the same arguments, and the same methods as coroutines.

    Belongs to the event loop in which it is first used.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        rates: Iterable[Rate | str] | None = None,
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
        key = ApiKey(api_key)
        del api_key
        self._settings = Settings(
            rates=read_rates(rates),
            timeout=timeout,
            deadline=deadline,
            wait_for_outage=wait_for_outage,
            max_in_flight=max_in_flight,
            narrowing_budget=narrowing_budget,
            resend_unsafe=resend_unsafe,
            watch=guarded(on_event),
        )
        self._endpoint = Endpoint.of(key, base_url, allow_plain_http=allow_plain_http)
        self._http = httpx.AsyncClient(
            verify=self._endpoint.ssl_context(),
            timeout=httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=max_in_flight),
            transport=transport,
            follow_redirects=False,
            trust_env=not self._endpoint.is_plain,
        )
        self._closed = False

    async def send(
        self,
        events: Iterable[Record] | AsyncIterable[Record],
        *,
        backfill: bool | None,
        intake: Intake | None = None,
        journal: JournalLike | None = None,
    ) -> Report:
        """Deliver the events and report what became of them."""
        return await self._run(events, backfill, intake, journal, keep_records=False).finish()

    def stream(
        self,
        events: Iterable[Record] | AsyncIterable[Record],
        *,
        backfill: bool | None,
        intake: Intake | None = None,
        journal: JournalLike | None = None,
    ) -> AsyncRun:
        """Deliver the events, yielding the outcome of each as it is known, in any order."""
        return self._run(events, backfill, intake, journal, keep_records=True)

    def queue(self, *, backfill: bool | None, **options: Unpack[QueueOptions]) -> "AsyncEventQueue":
        """A queue that takes single events at once and sends them in the background.

        `backfill` is as in `send`; the options are those of `queues.QueueOptions`. It lives until
        it is closed, whatever becomes of the client, and sends from a thread, on connections of
        its own. Raises SpoolError.
        """
        if self._closed:
            raise ConfigurationError("the client is closed")
        return async_queue_for(self._settings, self._endpoint, backfill, options)

    def _run(
        self,
        events: Iterable[Record] | AsyncIterable[Record],
        backfill: bool | None,
        intake: Intake | None,
        journal: JournalLike | None,
        *,
        keep_records: bool,
    ) -> AsyncRun:
        if self._closed:
            raise ConfigurationError("the client is closed")
        check_events(events)
        intake = intake or Intake()
        check_backfill(backfill)
        ledger = ledger_for(journal, self._endpoint, intake, backfill)
        watch = together(self._settings.watch, ledger.hear)
        driver = AsyncDriver(self._settings.limiter, self._post, watch)
        plan = planner(intake, backfill, keep_records=keep_records, repeats=ledger.repeats)
        return AsyncRun(events, plan, driver, self._settings, watch, ledger)

    async def aclose(self) -> None:
        """Close the connections."""
        self._closed = True
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _post(self, body: bytes) -> Reply:
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await self._exchange(body)
        except TimeoutError:
            return NoAnswer("the attempt's time is over", written=True)
        except Exception as error:  # whatever a transport raises, the server may have the request
            return no_answer(error)

    async def _exchange(self, body: bytes) -> Reply:
        endpoint = self._endpoint
        request = self._http.stream(
            endpoint.method, endpoint.url, content=body, headers=endpoint.headers
        )
        async with request as response:
            received = Received(response)
            async for part in response.aiter_bytes():
                if not received.take(part):
                    break
        return received.reply()
