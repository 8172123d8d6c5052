"""One stream of records of many accounts."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import pytest

from klaviyo_bulk_events import (
    Accounts,
    AsyncAccounts,
    ConfigurationError,
    Event,
    Outcome,
    Profile,
    Rate,
    Report,
    Status,
)
from klaviyo_bulk_events.emulator import Running, Settings, running

from .conftest import CallAccounts


def record(account: Any, number: int, **fields: Any) -> dict[str, Any]:
    return {
        "account": account,
        "metric": "Ordered Product",
        "profile": {"external_id": f"{account}-{number % 7}"},
        "time": "2025-05-05T12:00:00Z",
        "unique_id": f"{account}-{number}",
        **fields,
    }


def mixed(sizes: dict[str, int], seed: int = 1) -> list[dict[str, Any]]:
    """Records of accounts of these sizes, in any order."""
    every = [record(account, n) for account, size in sizes.items() for n in range(size)]
    random.Random(seed).shuffle(every)
    return every


def keys(count: int) -> dict[str, Any]:
    return {f"shop-{number}": f"pk_{number:016}" for number in range(count)}


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
    """Send a stream with either kind."""

    def send(credentials: Any, records: Iterable[Any], **more: Any) -> dict[str, Report]:
        own = ("base_url", "rates", "at_once", "deadline")
        settings = {name: more.pop(name) for name in own if name in more}
        return call_accounts("send_stream", credentials, settings, records, **more)

    return send


@pytest.mark.parametrize(
    "limits", [{}, {"in_memory": 50}, {"in_memory": 300, "on_disk": 0}, {"at_once": 1}]
)
def test_each_record_goes_to_its_account(
    send: Send, emulated: Running, limits: dict[str, int]
) -> None:
    """In any order and sizes, in memory or on disk, with one turn or many: once, to its own."""
    sizes = {f"shop-{number}": 1 + 37 * number**2 for number in range(10)}
    reports = send(keys(10), mixed(sizes), **limits)
    assert {name: report.accepted for name, report in reports.items()} == sizes
    assert len(emulated.emulator.events()) == sum(sizes.values())


@pytest.mark.parametrize("in_memory", [100_000, 300])
def test_requests_are_full(send: Send, emulated: Running, in_memory: int) -> None:
    """An account's records wait for others of it: 5 accounts of 2,000 take 10 requests."""
    records = mixed({f"shop-{number}": 2_000 for number in range(5)})
    send(keys(5), records, in_memory=in_memory)
    assert [request.accepted for request in emulated.emulator.requests()] == [1_000] * 10


def test_repeats_are_found_over_all_legs(send: Send) -> None:
    """As long as the window remembers; one account's events are no repeats of another's."""
    same = [record("shop-0", number % 1_500) for number in range(3_000)]
    other = [{**given, "account": "shop-1"} for given in same[:5]]
    reports = send(keys(2), [*same, *other])
    assert (reports["shop-0"].accepted, reports["shop-0"].duplicate) == (1_500, 1_500)
    assert reports["shop-1"].requests == 1  # all accounts of the emulator have one memory


def test_a_revoked_key_parks_its_account_only(send: Send) -> None:
    """The rest of its records are unsent, the others' arrive, and every record has an outcome."""
    told: dict[str, list[Outcome]] = {}
    credentials = {**keys(3), "revoked": "not a key", "broken": "pk_broken"}
    sizes = {"shop-0": 1_500, "shop-1": 10, "shop-2": 3_000, "revoked": 2_500}
    reports = send(
        credentials,
        mixed(sizes),
        on_outcome=lambda account, outcome: told.setdefault(account, []).append(outcome),
    )
    assert [reports[f"shop-{n}"].accepted for n in range(3)] == [1_500, 10, 3_000]
    assert (reports["revoked"].submitted, reports["revoked"].unsent) == (2_500, 2_500)
    assert "API key" in (reports["revoked"].stopped or "")
    for account, size in sizes.items():
        assert sorted(outcome.position for outcome in told[account]) == list(range(size))


def test_what_is_never_sent_takes_no_time(send: Send) -> None:
    """An account's seconds are those in which it was served."""
    records = [*mixed({"shop-0": 10, "revoked": 1_500}), record("nobody", 1)]
    reports = send({**keys(1), "revoked": "not a key"}, records)
    assert reports["shop-0"].seconds > 0.0
    assert (reports["revoked"].seconds, reports[""].seconds) == (0.0, 0.0)


def test_what_klaviyo_refuses_parks_the_account(send: Send) -> None:
    """A 401 in the middle of the stream: what is known stays known, the sums are right."""
    with running(Settings(rates=(), api_key="pk_0000000000000000", seed=1)) as strict:
        reports = send(keys(2), mixed({"shop-0": 2_500, "shop-1": 4_000}), base_url=strict.url)
    assert reports["shop-0"].accepted == 2_500
    assert reports["shop-1"].accepted == 0
    assert reports["shop-1"].submitted == reports["shop-1"].unsent
    assert reports["shop-1"].stopped is not None


def test_a_slow_account_slows_no_other(send: Send) -> None:
    """Of one whose limit is used up the records wait on disk; the others are through before it."""
    order: list[str] = []
    slow = [record("shop-0", number) for number in range(4_000)]
    rest = [record(f"shop-{1 + number % 9}", number) for number in range(900)]
    with running(Settings(rates=(Rate(1, 0.5),), account_per_key=True)) as limited:
        reports = send(
            keys(10),
            [*slow, *rest],
            base_url=limited.url,
            rates=["1/0.5s"],
            in_memory=500,
            on_outcome=lambda account, outcome: order.append(account),
        )
    assert sum(report.accepted for report in reports.values()) == 4_900
    assert not any(report.throttled for report in reports.values())
    assert set(order[-1_000:]) == {"shop-0"}


def test_the_source_is_read_as_far_as_needed(send: Send) -> None:
    """Once every account has enough to send, no more is read before it is sent."""
    read = Counter[str]()
    taken = Counter[str]()
    most = 0

    def source() -> Iterator[dict[str, Any]]:
        nonlocal most
        for number in range(20_000):
            read["n"] += 1
            most = max(most, read["n"] - taken["n"])
            yield record(f"shop-{number % 2}", number)

    def hear(account: str, outcome: Outcome) -> None:
        taken["n"] += 1

    send(keys(2), source(), on_outcome=hear)
    assert taken["n"] == 20_000
    assert most < 14_000


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (record(None, 1), "missing_account"),
        (record("", 1), "missing_account"),
        (record(["x"], 1), "missing_account"),
        (record("nobody", 1), "unknown_account"),
        (Event(metric="m", profile=Profile(email="a@b.org")), "missing_account"),
        ("text", "missing_account"),
    ],
)
def test_a_record_of_nobody_is_rejected(send: Send, given: Any, code: str) -> None:
    """It stands in a report of its own, however many names there are."""
    told: list[Outcome] = []
    reports = send(
        keys(1), [given, record("shop-0", 1)], on_outcome=lambda _, outcome: told.append(outcome)
    )
    assert reports[""].rejections == {code: 1}
    assert reports["shop-0"].accepted == 1
    assert {o.problems[0].pointer for o in told if o.status is Status.REJECTED} == {"/account"}


@pytest.mark.parametrize(
    ("account", "fields"),
    [
        ("shop", {"shop": 7}),
        ("properties.shop", {"properties": {"shop": "7"}}),
        ("properties.shop", {"properties.shop": "7"}),
        (lambda given: given["unique_id"].partition("-")[0], {"unique_id": "7-1"}),
    ],
)
def test_where_a_record_has_its_account(
    send: Send, emulated: Running, account: Any, fields: dict[str, Any]
) -> None:
    """In a field of its own, which is taken out, in an event's, or where a function looks."""
    given = {name: value for name, value in record("x", 1).items() if name != "account"} | fields
    assert send({"7": "pk_7"}, [given], account=account)["7"].accepted == 1
    (event,) = emulated.emulator.events()
    assert event.properties.get("shop") == ("7" if "properties" in str(account) else None)


def test_a_source_that_raises(send: Send, emulated: Running) -> None:
    """What was read is settled, and then it is raised."""

    def broken() -> Iterator[Any]:
        yield from mixed({"shop-0": 1_200})
        raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke"):
        send(keys(1), broken())
    assert len(emulated.emulator.events()) == 1_200


def test_a_stream_that_is_stopped(emulated: Running) -> None:
    """What is in flight is settled, the rest that was read is unsent, and no more is read."""
    settings = {"base_url": emulated.url, "rates": ["1000/s"]}
    read = 0

    def source() -> Iterator[Any]:
        nonlocal read
        for given in mixed({"shop-0": 50_000, "shop-1": 50_000}):
            read += 1
            yield given

    with Accounts(keys(2), **settings) as accounts:  # type: ignore[arg-type]
        reports = accounts.send_stream(
            source(), backfill=True, on_outcome=lambda *_: accounts.stop()
        )
    assert read < 50_000
    assert sum(report.submitted for report in reports.values()) == read
    assert {report.stopped for report in reports.values()} == {"the run was stopped"}
    accepted = sum(report.accepted for report in reports.values())
    assert accepted == len(emulated.emulator.events())


def test_an_on_outcome_that_raises(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, and no record is lost for it."""

    def hear(account: str, outcome: Outcome) -> None:
        raise ZeroDivisionError

    given = [*mixed({"shop-0": 1_500, "revoked": 10}), record("nobody", 1)]
    reports = send({**keys(1), "revoked": "no key"}, given, on_outcome=hear)
    assert (reports["shop-0"].accepted, reports["revoked"].unsent, reports[""].rejected) == (
        1_500,
        10,
        1,
    )
    assert "on_outcome raised" in caplog.text


@pytest.mark.parametrize("limits", [{}, {"in_memory": 0, "on_disk": 0}])
@pytest.mark.parametrize("known", [0, 1])
def test_records_of_nobody_alone(send: Send, limits: dict[str, int], known: int) -> None:
    """All are read, though none of them will ever wait, or there is no account at all."""
    reports = send(keys(known), [record("nobody", n) for n in range(5)], **limits)
    assert reports[""].rejected == 5


@pytest.mark.parametrize("read", [True, False])
def test_a_stream_that_is_cancelled(emulated: Running, read: bool) -> None:
    """While it reads or after it: what is in flight is settled, and nothing is sent any more."""

    async def source() -> AsyncIterator[Any]:
        for given in mixed({"shop-0": 3_000, "shop-1": 3_000}):
            yield given
        if not read:
            await asyncio.sleep(60)

    async def later() -> None:
        settings: Any = {"base_url": emulated.url, "rates": ["1/0.3s"]}
        async with AsyncAccounts(keys(2), **settings) as accounts:
            sending = asyncio.create_task(accounts.send_stream(source(), backfill=True))
            while not emulated.emulator.requests():
                await asyncio.sleep(0.01)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError) as cancelled:
                await sending
            assert "submitted=6000" in cancelled.value.__notes__[0]
            assert len(asyncio.all_tasks()) == 1

    asyncio.run(later())
    accepted = sum(request.accepted for request in emulated.emulator.requests())
    assert 0 < accepted < 6_000


@pytest.mark.parametrize("wrong", [{"in_memory": -1}, {"on_disk": 1.5}, {"backfill": "no"}])
def test_what_is_wrong_is_said_first(wrong: dict[str, Any]) -> None:
    """Before anything is read."""
    with Accounts(keys(1)) as accounts, pytest.raises(ConfigurationError):
        accounts.send_stream([], **{"backfill": True, **wrong})
