"""Many accounts in one process, each at its own limits."""

import asyncio
import logging
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from functools import cache, partial
from types import TracebackType
from typing import Self, TypeAlias, TypedDict, Unpack

import attrs
import httpx

from klaviyo_bulk_events.account_of import AccountOf
from klaviyo_bulk_events.account_outcomes import Hear
from klaviyo_bulk_events.account_stream import AccountStream
from klaviyo_bulk_events.async_client import AsyncKlaviyoBulkEvents, sender_of
from klaviyo_bulk_events.async_lanes import Lent
from klaviyo_bulk_events.async_sender import AsyncSender
from klaviyo_bulk_events.credentials import TokenSource
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.report import Report, StoppedError
from klaviyo_bulk_events.settings import check_backfill, check_events, ignore
from klaviyo_bulk_events.steps import Notice
from klaviyo_bulk_events.waiting import Waiting

Credentials: TypeAlias = Mapping[str, str | TokenSource]
Events: TypeAlias = Iterable[Record] | AsyncIterable[Record]

_log = logging.getLogger("klaviyo_bulk_events")


class AccountSettings(TypedDict, total=False):
    """What all accounts have in common; see `KlaviyoBulkEvents`."""

    base_url: str | None
    rates: Iterable[Rate | str] | None
    share: float
    limiter: str
    timeout: float
    deadline: float
    wait_for_outage: float | None
    max_in_flight: int
    narrowing_budget: int
    resend_unsafe: bool
    allow_plain_http: bool
    transport: httpx.AsyncBaseTransport | None


def _check_sizes(**sizes: object) -> None:
    for name, size in sizes.items():
        if type(size) is not int or size < 0:
            raise ConfigurationError(f"{name} must be 0 or more, not {size!r}")


class AsyncAccounts:
    """Delivers events to many accounts in one event loop.

    Each account has a limiter of its own. Those under way take turns in the loop, and none of them
    waits for another's pause or refusal. An account that nothing is sent to costs its credential;
    one that was sent to keeps its limiter and no connection.

    Args:
        credentials: by the account's name, its private key or what yields its access tokens.
        at_once: how many accounts are under way at a time; the others wait until one of these is
            done, however long it pauses. It bounds memory (a request of at most 5 MB each, and more
            in flight) and connections (at most `max_in_flight` each, 3 if not given).
        on_event: called with the account's name and every wait, retry, pause and answer.
        settings: those of `AsyncKlaviyoBulkEvents`.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        at_once: int = 200,
        on_event: Callable[[str, Notice], None] | None = None,
        **settings: Unpack[AccountSettings],
    ) -> None:
        if type(at_once) is not int or at_once < 1:
            raise ConfigurationError(f"at_once must be 1 or more, not {at_once!r}")
        self._credentials = credentials
        self._at_once = at_once
        self._on_event = on_event
        self._settings: AccountSettings = {"max_in_flight": 3, **settings}
        self._transport = settings.get("transport")
        if self._transport is not None:
            self._settings["transport"] = Lent(self._transport)
        self._clients: dict[str, AsyncKlaviyoBulkEvents] = {}
        self._verify = cache(httpx.create_ssl_context)
        self._streams: list[AccountStream] = []

    def client(self, account: str) -> AsyncKlaviyoBulkEvents:
        """The client of one account. Raises ConfigurationError for a name that is not known."""
        known = self._clients.get(account)
        if known is not None:
            return known
        if account not in self._credentials:
            raise ConfigurationError(f"there is no credential for the account {account!r}")
        watch = partial(self._on_event, account) if self._on_event is not None else ignore
        client = AsyncKlaviyoBulkEvents(
            self._credentials[account], account=account, on_event=watch, **self._settings
        )
        sender_of(client).share(self._verify)
        self._clients[account] = client
        return client

    def _sender(self, account: str) -> AsyncSender:
        return sender_of(self.client(account))

    async def send(
        self, events: Mapping[str, Events], *, backfill: bool | None, intake: Intake | None = None
    ) -> dict[str, Report]:
        """Deliver each account's events; a report for each.

        What ends an account's run, as a refused key or a source that raises, stands in its report
        (`stopped`) and does not touch the others. Raises ConfigurationError before anything is
        sent.
        """
        check_backfill(backfill)
        for given in events.values():
            check_events(given)
        senders = {account: self._sender(account) for account in events}
        turns = asyncio.Semaphore(self._at_once)
        send = partial(self._send, turns, backfill=backfill, intake=intake)
        async with asyncio.TaskGroup() as tasks:
            under_way = {
                account: tasks.create_task(send(account, senders[account], given))
                for account, given in events.items()
            }
        return {account: task.result() for account, task in under_way.items()}

    async def send_stream(
        self,
        records: Iterable[Record] | AsyncIterable[Record],
        *,
        account: AccountOf = "account",
        backfill: bool | None,
        intake: Intake | None = None,
        on_outcome: Hear | None = None,
        in_memory: int = 100_000,
        on_disk: int = 10_000_000_000,
    ) -> dict[str, Report]:
        """Deliver one stream of records, each to its own account; a report for each account.

        Args:
            account: the key or column that has it, as in `properties.shop`; one that is no field of
                an event is taken out of the record. Or a function of the record.
            on_outcome: called with the account and the outcome of each record, whose `position`
                counts the account's records. What it raises is logged.
            in_memory: records that may wait in memory for their account; the others wait on disk,
                where temporary files are made (TMPDIR), and only while the process lives.
            on_disk: bytes that may wait there, before the stream waits for its slowest account.

        What ends an account's run stands in its report (`stopped`): the rest of its records are
        unsent. Records whose account is missing or has no credential are rejected, in a report
        under the empty name. Repeats are found within `intake.window` events of all accounts
        together. Raises what `records` raises, once all that was read is settled.
        """
        check_events(records)
        check_backfill(backfill)
        _check_sizes(in_memory=in_memory, on_disk=on_disk)
        stream = AccountStream(
            self._sender,
            self._credentials,
            Waiting(in_memory, on_disk),
            at_once=self._at_once,
            account=account,
            backfill=backfill,
            intake=intake or Intake(),
            hear=on_outcome,
        )
        self._streams.append(stream)
        try:
            return await stream.send(records)
        finally:
            self._streams.remove(stream)

    def stop(self) -> None:
        """End streams early, from the event loop: what is in flight is settled, the rest unsent."""
        for stream in self._streams:
            stream.stop()

    async def _send(
        self,
        turns: asyncio.Semaphore,
        account: str,
        sender: AsyncSender,
        events: Events,
        *,
        backfill: bool | None,
        intake: Intake | None,
    ) -> Report:
        async with turns:
            run = sender.run(events, backfill, intake, None, keep_records=False)
            try:
                return await run.finish()
            except StoppedError as stopped:
                return stopped.report
            except Exception as error:  # whatever a source raises is that account's alone
                _log.exception("the events of the account %s could not all be read", account)
                why = f"the source raised {type(error).__name__}"
                return attrs.evolve(run.report(), stopped=why)
            finally:
                await sender.rest()

    async def aclose(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()
        if self._transport is not None:
            await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class Accounts:
    """`AsyncAccounts` for blocking code, with its own event loop; for one thread at a time."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        at_once: int = 200,
        on_event: Callable[[str, Notice], None] | None = None,
        **settings: Unpack[AccountSettings],
    ) -> None:
        self._accounts = AsyncAccounts(credentials, at_once=at_once, on_event=on_event, **settings)
        self._runner = asyncio.Runner()

    def send(
        self,
        events: Mapping[str, Iterable[Record]],
        *,
        backfill: bool | None,
        intake: Intake | None = None,
    ) -> dict[str, Report]:
        """Deliver each account's events; a report for each."""
        return self._runner.run(self._accounts.send(events, backfill=backfill, intake=intake))

    def send_stream(
        self,
        records: Iterable[Record],
        *,
        account: AccountOf = "account",
        backfill: bool | None,
        intake: Intake | None = None,
        on_outcome: Hear | None = None,
        in_memory: int = 100_000,
        on_disk: int = 10_000_000_000,
    ) -> dict[str, Report]:
        """See `AsyncAccounts.send_stream`."""
        sending = self._accounts.send_stream(
            records,
            account=account,
            backfill=backfill,
            intake=intake,
            on_outcome=on_outcome,
            in_memory=in_memory,
            on_disk=on_disk,
        )
        return self._runner.run(sending)

    def stop(self) -> None:
        """End streams early, from any thread: what is in flight is settled, the rest unsent."""
        self._runner.get_loop().call_soon_threadsafe(self._accounts.stop)

    def close(self) -> None:
        """Close the connections."""
        self._runner.run(self._accounts.aclose())
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
