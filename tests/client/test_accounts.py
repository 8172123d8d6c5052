"""Many accounts in one process."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from klaviyo_bulk_events import AsyncAccounts, ConfigurationError, Rate, Report
from klaviyo_bulk_events.emulator import Running, Settings, running
from klaviyo_bulk_events.steps import Answered, Notice

from .conftest import CallAccounts


def events(account: str, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "metric": "Ordered Product",
            "profile": {"external_id": account},
            "time": "2025-05-05T12:00:00Z",
            "unique_id": f"{account}-{number}",
        }


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(Settings(rates=(), account_per_key=True, seed=1)) as server:
        yield server


@pytest.fixture
def emulated(server: Running) -> Running:
    server.emulator.set_faults({})
    server.emulator.reset()
    return server


Send = Callable[..., dict[str, Report]]


@pytest.fixture
def send(call_accounts: CallAccounts) -> Send:
    """Send to the accounts of these keys, with either kind."""

    def send(keys: dict[str, Any], given: dict[str, Any], **settings: Any) -> dict[str, Report]:
        return call_accounts("send", keys, settings, given)

    return send


def keys(count: int) -> dict[str, str]:
    return {f"shop-{number}": f"pk_{number:016}" for number in range(count)}


@pytest.mark.parametrize("at_once", [1, 3, 200])
def test_every_account_is_served(send: Send, emulated: Running, at_once: int) -> None:
    """Each with its own key, and a report of its own, however many take turns."""
    accounts = keys(20)
    given = {name: events(name, number) for number, name in enumerate(accounts)}
    reports = send(accounts, given, at_once=at_once)
    assert {name: report.accepted for name, report in reports.items()} == {
        name: number for number, name in enumerate(accounts)
    }
    assert len(emulated.emulator.events()) == sum(range(20))


def broken(account: str) -> Iterator[dict[str, Any]]:
    yield from events(account, 1)
    raise OSError("the source broke")


def test_an_account_s_trouble_is_its_own(send: Send, server: Running) -> None:
    """A refused key, or a source that raises, ends that account's run and no other."""
    accounts: dict[str, Any] = {**keys(3), "revoked": lambda: "", "broken": "pk_broken"}
    given = {name: events(name, 2) for name in accounts} | {"broken": broken("broken")}
    reports = send(accounts, given, deadline=0.2)
    assert [reports[f"shop-{number}"].accepted for number in range(3)] == [2, 2, 2]
    assert reports["revoked"].unsent == 2
    assert reports["revoked"].stopped is not None
    assert (reports["broken"].accepted, reports["broken"].submitted) == (1, 1)
    assert reports["broken"].stopped == "the source raised OSError"


def test_a_refused_key_stands_in_the_report(send: Send) -> None:
    """It raises nothing: the other accounts' reports would be lost."""
    with running(Settings(rates=(), api_key="pk_good")) as strict:
        accounts = {"good": "pk_good", "revoked": "pk_revoked"}
        given = {name: events(name, 1) for name in accounts}
        reports = send(accounts, given, base_url=strict.url)
    assert reports["good"].accepted == 1
    assert reports["revoked"].unsent == 1
    assert "API key" in (reports["revoked"].stopped or "")


def test_each_account_has_its_own_limits(send: Send) -> None:
    """Ten accounts at one request a window each take one window, not ten."""
    accounts = keys(10)
    settings = Settings(rates=(Rate(1, 0.5),), account_per_key=True)
    with running(settings) as limited:
        given = {name: events(name, 2) for name in accounts}
        reports = send(accounts, given, base_url=limited.url, rates=["1/0.5s"])
    assert all(report.accepted == 2 for report in reports.values())
    assert not any(report.throttled for report in reports.values())


def test_what_happens_is_told_with_the_account_s_name(send: Send) -> None:
    """The same notices as one client gives."""
    seen: list[tuple[str, Notice]] = []
    accounts = keys(3)
    given = {name: events(name, 1) for name in accounts}
    send(accounts, given, on_event=lambda account, notice: seen.append((account, notice)))
    assert {name for name, notice in seen if isinstance(notice, Answered)} == set(accounts)


def test_an_unknown_account_is_named_before_anything_is_sent(send: Send, emulated: Running) -> None:
    """It has no credential."""
    with pytest.raises(ConfigurationError, match="nobody"):
        send(keys(1), {"shop-0": events("shop-0", 1), "nobody": []})
    assert emulated.emulator.requests() == []


@pytest.mark.parametrize("at_once", [0, -1, 1.5])
def test_a_wrong_number_at_once(at_once: Any) -> None:
    """It is a count of accounts."""
    with pytest.raises(ConfigurationError, match="at_once"):
        AsyncAccounts({}, at_once=at_once)


@pytest.mark.parametrize("wrong", [{"shop-1": "text"}, {"shop-1": {"metric": "A"}}])
def test_wrong_events_are_named_before_anything_is_sent(
    send: Send, emulated: Running, wrong: dict[str, Any]
) -> None:
    """Not once some accounts were served."""
    with pytest.raises(ConfigurationError, match="iterable"):
        send(keys(2), {"shop-0": events("shop-0", 1), **wrong})
    assert emulated.emulator.requests() == []


def test_a_shared_limiter_keeps_no_files_open(
    send: Send, emulated: Running, tmp_path: Path
) -> None:
    """Of accounts that were served: there may be thousands."""
    accounts = keys(30)
    opened: list[int] = []

    def watched(account: str) -> Iterator[dict[str, Any]]:
        opened.append(len(os.listdir("/proc/self/fd")))
        yield from events(account, 1)

    given = {name: watched(name) for name in accounts}
    send(accounts, given, at_once=1, limiter=f"sqlite:///{tmp_path}/limiter.db")
    assert max(opened) - min(opened) < 15


class Counting(httpx.AsyncHTTPTransport):
    """Says how often it was closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1
        await super().aclose()


@pytest.mark.parametrize("way", ["send", "send_stream"])
def test_a_transport_is_shared(emulated: Running, way: str) -> None:
    """An account that is done does not close it under the others: only whoever was given it."""
    transport = Counting()

    async def run() -> dict[str, Report]:
        settings: Any = {"base_url": emulated.url, "transport": transport, "rates": ["1000/s"]}
        async with AsyncAccounts(keys(5), **settings) as accounts:
            if way == "send":
                given = {account: events(account, 9) for account in keys(5)}
                reports = await accounts.send(given, backfill=True)
            else:
                named = [{**e, "account": a} for a in keys(5) for e in events(a, 9)]
                reports = await accounts.send_stream(named, backfill=True)
            assert transport.closed == 0
            return reports

    assert {report.accepted for report in asyncio.run(run()).values()} == {9}
    assert transport.closed >= 1
