"""Both clients, behind one face, against a real server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import pytest

from klaviyo_bulk_events import (
    Accounts,
    AsyncAccounts,
    AsyncKlaviyoBulkEvents,
    Event,
    KlaviyoBulkEvents,
    Outcome,
    Profile,
    Report,
)
from klaviyo_bulk_events.emulator import Running, Settings
from klaviyo_bulk_events.testing import KlaviyoEmulator

KEY = "pk_0123456789abcdef"
FAST = ["1000/s"]


class Client:
    """One of the clients: what it is asked to do is done, whatever its kind."""

    def __init__(self, kind: str, **settings: Any) -> None:
        self.kind = kind
        self.settings = {"api_key": KEY, "rates": FAST, **settings}

    def send(self, events: Iterable[Any], backfill: bool | None = True, **more: Any) -> Report:
        if self.kind == "blocking":
            with KlaviyoBulkEvents(**self.settings) as klaviyo:
                return klaviyo.send(events, backfill=backfill, **more)

        async def send() -> Report:
            async with AsyncKlaviyoBulkEvents(**self.settings) as klaviyo:
                return await klaviyo.send(events, backfill=backfill, **more)

        return asyncio.run(send())

    def stream(
        self, events: Iterable[Any], see: Callable[[Any, Outcome], None], **more: Any
    ) -> Report:
        """Show each outcome, with the run, to `see`; the report."""
        if self.kind == "blocking":
            with KlaviyoBulkEvents(**self.settings) as klaviyo:
                run = klaviyo.stream(events, backfill=True, **more)
                for outcome in run:
                    see(run, outcome)
                return run.report()

        async def stream() -> Report:
            async with AsyncKlaviyoBulkEvents(**self.settings) as klaviyo:
                run = klaviyo.stream(events, backfill=True, **more)
                async for outcome in run:
                    see(run, outcome)
                return run.report()

        return asyncio.run(stream())


@pytest.fixture(scope="session")
def klaviyo_emulator_settings() -> Settings:
    return Settings(rates=(), api_key=KEY, seed=1)


@pytest.fixture
def emulated(klaviyo_emulator: KlaviyoEmulator) -> Running:
    """An emulator without limits of rate, as new."""
    return Running(klaviyo_emulator.url, klaviyo_emulator.core)


CallAccounts = Callable[..., dict[str, Report]]


@pytest.fixture(params=["blocking", "asyncio"])
def call_accounts(request: pytest.FixtureRequest, emulated: Running) -> CallAccounts:
    """Make accounts of these credentials and settings, of either kind, and call a method."""

    def call(
        method: str, credentials: Any, settings: dict[str, Any], given: Any, **more: Any
    ) -> dict[str, Report]:
        settings = {"base_url": emulated.url, "rates": FAST, **settings}
        if request.param == "blocking":
            with Accounts(credentials, **settings) as accounts:
                return getattr(accounts, method)(given, backfill=True, **more)

        async def later() -> dict[str, Report]:
            async with AsyncAccounts(credentials, **settings) as accounts:
                return await getattr(accounts, method)(given, backfill=True, **more)

        return asyncio.run(later())

    return call


@pytest.fixture(params=["blocking", "asyncio"])
def connect(request: pytest.FixtureRequest, emulated: Running) -> Callable[..., Client]:
    """Make a client of either kind, connected to the emulator."""

    def connect(**settings: Any) -> Client:
        return Client(request.param, **{"base_url": emulated.url, **settings})

    return connect


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    return connect()


def events(count: int, profiles: int = 7) -> Iterator[Event]:
    for number in range(count):
        yield Event(
            metric="Ordered Product",
            profile=Profile(external_id=str(number % profiles)),
            properties={"number": number + 1},
            time="2025-05-05T12:00:00Z",
            unique_id=f"order-{number}",
        )


@pytest.fixture
def make() -> Callable[..., Iterator[Event]]:
    """Make so many events, each with a `unique_id` of its own."""
    return events


async def later(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item
