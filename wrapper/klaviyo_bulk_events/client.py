"""The blocking client."""

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

import httpx

from klaviyo_bulk_events.credentials import TokenSource, credential
from klaviyo_bulk_events.driver import Driver
from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.journaling import JournalLike, ledger_for
from klaviyo_bulk_events.lanes import Lanes
from klaviyo_bulk_events.limiting import MEMORY, LimiterUrl
from klaviyo_bulk_events.logs import log
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.queues import QueueOptions, queue_for
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.run import Run
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
    from klaviyo_bulk_events.queues import EventQueue


class KlaviyoBulkEvents:
    """Delivers events to one Klaviyo account, at its rate limit. Safe to share between threads.

    Args:
        api_key: a private key with the scope `events:write`; from KLAVIYO_API_KEY if not given. Or
            a function that returns an OAuth access token: it is asked again, once, when one is
            refused.
        account: what a shared limiter and a journal know the account by; a hash of the key if not
            given. Two keys of one account share its limits under one name.
        base_url: from KLAVIYO_BASE_URL if not given, else the spec's server.
        rates: such as `["10/s", "150/m"]`; the spec's if not given.
        share: the part of the rates that this client takes at most, to leave room for others.
        limiter: who shares them. `memory:` is for this client alone, `sqlite:///PATH` for the
            processes of one host (`sqlite:////PATH` from the root), `redis://` and `rediss://` for
            many hosts.
        timeout: the most seconds that one attempt may take, from connecting to the end of its
            answer.
        deadline: the most seconds that a request is tried for, counted from its first attempt.
        wait_for_outage: so many instead, if that is longer, before an outage ends the run.
        max_in_flight: how many requests may be under way at once.
        narrowing_budget: how many more requests may go into finding the events for which Klaviyo
            refused one; what it leaves unresolved is rejected as `refused_together`.
        resend_unsafe: events without `unique_id` (see `Intake.derive_unique_id`) are sent again
            even where they may have been recorded, and may then be there twice; else they are
            `unknown`.
        on_event: called with every wait, retry, pause and answer (see `steps`), from any thread.

    Raises ConfigurationError.
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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        who, shared = credential(api_key), LimiterUrl(limiter)
        del api_key, limiter
        kept = read_rates(rates, share)
        who.check_blocking()
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
        self._transport = transport
        self._lanes = Lanes(self._endpoint, timeout, transport)
        self._closed = False

    def send(
        self,
        events: Iterable[Record],
        *,
        backfill: bool | None,
        intake: Intake | None = None,
        journal: JournalLike | None = None,
    ) -> Report:
        """Deliver the events and report what became of them.

        `backfill` says whether they are history, which must not fire flows; None means that every
        event says it itself. Blocks until every event is settled. Raises StoppedError when Klaviyo
        refuses the key.
        """
        return self._run(events, backfill, intake, journal, keep_records=False).finish()

    def stream(
        self,
        events: Iterable[Record],
        *,
        backfill: bool | None,
        intake: Intake | None = None,
        journal: JournalLike | None = None,
    ) -> Run:
        """Deliver the events, yielding the outcome of each as it is known, in any order."""
        return self._run(events, backfill, intake, journal, keep_records=True)

    def queue(self, *, backfill: bool | None, **options: Unpack[QueueOptions]) -> "EventQueue":
        """A queue that takes single events at once and sends them in the background.

        `backfill` is as in `send`; the options are those of `queues.QueueOptions`. It lives until
        it is closed, whatever becomes of the client. Raises SpoolError.
        """
        if self._closed:
            raise ConfigurationError("the client is closed")
        return queue_for(self._settings, self._endpoint, self._transport, backfill, options)

    def _run(
        self,
        events: Iterable[Record],
        backfill: bool | None,
        intake: Intake | None,
        journal: JournalLike | None,
        *,
        keep_records: bool,
    ) -> Run:
        if self._closed:
            raise ConfigurationError("the client is closed")
        check_events(events)
        intake = intake or Intake()
        check_backfill(backfill)
        ledger = ledger_for(journal, self._endpoint, intake, backfill)
        watch = together(self._settings.watch, ledger.hear)
        driver = Driver(self._settings.limiter, self._lanes.post, watch, self._endpoint.credential)
        plan = planner(intake, backfill, keep_records=keep_records, repeats=ledger.repeats)
        return Run(events, plan, driver, self._settings, watch, ledger, self._lanes.cut)

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        self._lanes.close()
        self._settings.limiter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
