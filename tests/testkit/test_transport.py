"""Clients that reach the emulator without a socket."""

import asyncio
import random
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from klaviyo_bulk_events import KlaviyoBulkEvents, Report, StoppedError
from klaviyo_bulk_events.emulator import Emulator
from klaviyo_bulk_events.emulator.faults import FAULTS
from klaviyo_bulk_events.limits import REVISION, SERVER
from klaviyo_bulk_events.testing import EmulatorTransport, KlaviyoEmulator, Settings

Send = Callable[..., Report]
URL = f"{SERVER}/api/event-bulk-create-jobs"


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here may connect to anything."""

    def connect(*_: object) -> None:
        raise AssertionError("a socket was connected")

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(params=["blocking", "asyncio"])
def send(request: pytest.FixtureRequest, kit: KlaviyoEmulator) -> Send:
    """Send so many events with either client."""

    def blocking(count: int, **settings: Any) -> Report:
        with kit.client(**settings) as client:
            return client.send(map(record, range(count)), backfill=True)

    async def asynchronous(count: int, **settings: Any) -> Report:
        async with kit.async_client(**settings) as client:
            return await client.send(map(record, range(count)), backfill=True)

    def running(count: int, **settings: Any) -> Report:
        return asyncio.run(asynchronous(count, **settings))

    return blocking if request.param == "blocking" else running


def record(number: int) -> dict[str, Any]:
    return {
        "metric": "Placed Order",
        "profile": {"external_id": str(number % 7)},
        "time": "2026-01-02T03:04:05Z",
        "unique_id": f"order-{number}",
    }


def test_events_arrive(kit: KlaviyoEmulator, send: Send) -> None:
    assert send(2_500).accepted == 2_500
    assert sorted(request.accepted for request in kit.requests) == [500, 1_000, 1_000]
    kit.assert_received(*map(record, range(2_500)))


def test_refusals_arrive(kit: KlaviyoEmulator, send: Send) -> None:
    kit.refuse(lambda event: event.unique_id == "order-3")
    report = send(5)
    assert (report.accepted, report.rejected) == (4, 1)
    kit.assert_received(*map(record, (0, 1, 2, 4)))


STOPPING = {"json_401", "json_403"}
WAITING = {"busy", "throttled", "throttled_long"}


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - STOPPING - WAITING))
def test_every_fault_is_survived(
    kit: KlaviyoEmulator, send: Send, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the client tells is true, and nothing takes time but its own waits."""
    monkeypatch.setattr(random, "random", lambda: 0.0)  # of which there are none
    kit.inject(fault)
    report = send(3, timeout=1.0)
    assert report.accepted + report.duplicate == 3
    assert {event.unique_id for event in kit.events} == {f"order-{number}" for number in range(3)}
    assert kit.requests[0].fault == fault


@pytest.mark.parametrize("fault", sorted(STOPPING))
def test_a_refused_key_stops(kit: KlaviyoEmulator, send: Send, fault: str) -> None:
    kit.inject(fault)
    with pytest.raises(StoppedError):
        send(3)


def test_a_wait_that_is_too_long_is_told(kit: KlaviyoEmulator, send: Send) -> None:
    kit.inject("throttled_long")
    assert send(3).unsent == 3
    kit.assert_received()


def test_any_url_is_the_emulators() -> None:
    """A client that names Klaviyo's own server is led there as well."""
    kit = KlaviyoEmulator(Emulator(Settings(rates=(), api_key="pk_right")))
    with KlaviyoBulkEvents("pk_right", base_url=SERVER, transport=kit.transport) as client:
        assert client.send([record(1)], backfill=True).accepted == 1
    kit.assert_received(record(1))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("reset_before", httpx.ReadError),
        ("silence", httpx.ReadTimeout),
        ("late", httpx.ReadTimeout),
        ("slow", httpx.ReadTimeout),
        ("endless", httpx.ReadTimeout),
        ("cut", httpx.RemoteProtocolError),
    ],
)
def test_plain_httpx_meets_faults_too(kit: KlaviyoEmulator, fault: str, error: type) -> None:
    """As the errors that a connection would raise."""
    headers = {
        "authorization": f"Klaviyo-API-Key {kit.key}",
        "content-type": "application/vnd.api+json",
        "revision": REVISION,
    }
    kit.inject(fault)
    with httpx.Client(transport=EmulatorTransport(kit.core), timeout=1.0) as client:
        with pytest.raises(error):
            client.post(URL, content=b"{}", headers=headers)
        assert client.post(URL, content=b"{}", headers=headers).status_code == 400
        assert client.get(URL).status_code == 405


def test_an_answer_that_never_ends_holds_up_no_loop(kit: KlaviyoEmulator) -> None:
    """Other tasks have their turns, and so a timeout around it would end it."""
    kit.inject("endless")
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def post() -> None:
        task = asyncio.create_task(other())
        async with httpx.AsyncClient(transport=kit.transport) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post(URL, content=b"{}")
        task.cancel()

    asyncio.run(post())
    assert turns > 10
