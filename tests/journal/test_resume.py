"""What a run leaves behind, another goes on with."""

import asyncio
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from klaviyo_bulk_events import AsyncKlaviyoBulkEvents, KlaviyoBulkEvents, Report, report
from klaviyo_bulk_events.driver import Driver
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal.inspection import lines, standing

from .conftest import KEY, record

Records = Callable[[int], list[dict[str, Any]]]
Send = Callable[..., Report]
FAST = ["1000/s"]


@pytest.fixture(params=["blocking", "asyncio"])
def send(request: pytest.FixtureRequest, emulated: Running, path: Path) -> Send:
    """Send with a journal, by either client."""
    settings: dict[str, Any] = {"api_key": KEY, "rates": FAST, "base_url": emulated.url}

    def blocking(events: Any, stop_after: int | None = None, **more: Any) -> Report:
        with KlaviyoBulkEvents(**{**settings, **more}) as klaviyo:
            run = klaviyo.stream(events, backfill=True, journal=path)
            for number, _ in enumerate(run, 1):
                if number == stop_after:
                    run.stop()
            return run.report()

    async def tasks(events: Any, stop_after: int | None = None, **more: Any) -> Report:
        async with AsyncKlaviyoBulkEvents(**{**settings, **more}) as klaviyo:
            run = klaviyo.stream(events, backfill=True, journal=path)
            number = 0
            async for _ in run:
                number += 1
                if number == stop_after:
                    run.stop()
            return run.report()

    if request.param == "blocking":
        return blocking
    return lambda *args, **more: asyncio.run(tasks(*args, **more))


def held(emulated: Running) -> list[str]:
    return sorted(str(event.unique_id) for event in emulated.emulator.events(limit=100_000))


def test_a_stopped_run_goes_on(send: Send, emulated: Running, records: Records) -> None:
    """The second session sends what the first did not, and reports on both."""
    first = send(records(5_000), stop_after=1_500, max_in_flight=1)
    assert 1_500 <= first.accepted < 5_000
    second = send(records(5_000))
    assert (second.submitted, second.accepted) == (5_000, 5_000)
    assert len(held(emulated)) == 5_000
    assert emulated.emulator.summary()["requests"] == second.requests


def test_the_times_of_sessions_add_up(
    send: Send, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What passes between them counts for none."""
    now = 1_000.0
    monkeypatch.setattr(report, "time", SimpleNamespace(monotonic=lambda: now))

    def lasting(seconds: float, count: int) -> Iterator[Any]:
        nonlocal now
        for given in records(count):
            now += seconds / count
            yield given

    assert send(lasting(3.0, 10)).seconds == pytest.approx(3.0)
    now += 100.0
    assert send(lasting(5.0, 20)).seconds == pytest.approx(8.0)
    now += 100.0
    assert send(lasting(0.0, 20)).seconds == pytest.approx(8.0)


def test_a_complete_run_sends_nothing_again(
    send: Send, emulated: Running, records: Records, path: Path
) -> None:
    """The same command again reports the same; what was added to the source since is sent."""
    first = send(records(1_500))
    assert standing(path).complete
    again = send(records(1_500))
    assert (again.accepted, again.requests) == (first.accepted, first.requests)
    assert send(records(2_100)).accepted == len(held(emulated)) == 2_100


def test_what_was_left_by_an_outage_is_sent(
    send: Send, emulated: Running, records: Records, path: Path
) -> None:
    """Events that no answer settled, and those never sent, are settled by the next session."""
    emulated.emulator.set_faults({"html_503": 1.0})
    first = send(records(3_000), deadline=0.2)
    assert first.accepted == 0
    assert first.unknown > 0
    assert all(b'"status": "un' in line for line in lines(path))
    emulated.emulator.set_faults({})
    second = send(records(3_000))
    assert (second.accepted, second.unknown, second.unsent) == (3_000, 0, 0)
    assert second.requests > first.requests
    assert len(held(emulated)) == 3_000
    assert list(lines(path)) == []


def test_what_may_have_arrived_is_sent_with_the_same_bytes(
    send: Send, emulated: Running, records: Records
) -> None:
    """A request whose answer was lost goes again as it was: each event is there once."""
    emulated.emulator.set_faults({"reset_after": 1.0})
    send(records(1_000), deadline=0.2)
    assert len(held(emulated)) == 1_000
    emulated.emulator.set_faults({})
    report = send(records(1_000))
    assert report.accepted + report.duplicate == 1_000
    assert len(held(emulated)) == 1_000


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda records: records[1_234]["properties"].update(number=0), "record 1,235"),
        (lambda records: records[7]["profile"].update(first_name="Bea"), "record 8"),
        (lambda records: records[20].update(unique_id="other"), "record 21"),
        (lambda records: records.pop(3), "record 4"),
        (lambda records: records.insert(0, record(9_999)), "record 1 "),
        (lambda records: records[500].update(metric=None), "record 501"),
        (lambda records: records[11].update(metrc="x"), "record 12"),
    ],
)
def test_a_source_that_changed(
    send: Send, emulated: Running, records: Records, change: Any, where: str
) -> None:
    """What was read before must be what it was, or the error says from where it isn't."""
    before = records(2_500)
    before[11] = {"metric": "Broken"}
    send(before)
    requests = emulated.emulator.summary()["requests"]
    change(before)
    with pytest.raises(JournalError, match=where):
        send(before)
    assert emulated.emulator.summary()["requests"] == requests


def test_a_source_that_shrank(send: Send, records: Records) -> None:
    """A source that ends before the point reached is another one."""
    send(records(2_500))
    with pytest.raises(JournalError, match=r"ends after 2,400 records, of which 2,500 were read"):
        send(records(2_400))


def test_records_without_a_time_are_known_again(send: Send) -> None:
    """A record that is stamped when it is read is another event each time, and the same record."""
    from klaviyo_bulk_events import Event, Profile

    def events() -> Iterator[Event]:
        return (
            Event(metric="A", profile=Profile(external_id=str(n)), properties={"n": n})
            for n in range(1_200)
        )

    send(events())
    assert send(events()).accepted == 1_200


def test_a_source_that_raises_is_read_on(send: Send, records: Records) -> None:
    """What came before the error is settled, and the next session begins after it."""

    def broken() -> Iterator[dict[str, Any]]:
        yield from records(1_300)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        send(broken())
    report = send(records(2_000))
    assert (report.submitted, report.accepted) == (2_000, 2_000)


def test_rejects_of_all_sessions(send: Send, records: Records, path: Path) -> None:
    """Each rejected record is in the journal once, in the order of the source."""
    mixed = records(2_500)
    for number in (5, 1_700, 2_400):
        del mixed[number]["metric"]
    send(mixed, stop_after=900, max_in_flight=1)
    report = send(mixed)
    assert (report.rejected, report.rejections) == (3, {"missing_field": 3})
    numbers = [line.split(b'"unique_id": "order-')[1].split(b'"')[0] for line in lines(path)]
    assert numbers == [b"5", b"1700", b"2400"]


def test_what_klaviyo_refuses_is_kept_with_its_record(
    send: Send, emulated: Running, records: Records, path: Path
) -> None:
    """Poison is rejected by name, and can be mended out of the journal."""
    emulated.emulator.set_faults({"poison": 0.01})
    report = send(records(1_000))
    assert report.rejected == len(list(lines(path))) == len(emulated.emulator.poisoned()) > 0


def test_only_the_owner_may_read_it(send: Send, records: Records, path: Path) -> None:
    """Every file of a journal is private, and the bodies are gone with the last answer."""
    send(records(10))
    files = list(path.parent.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {file.name for file in files} <= {"run.db", "run.db-lock"}
    assert KEY.encode() not in path.read_bytes()


def test_only_the_owner_may_read_it_while_it_runs(
    emulated: Running, records: Records, path: Path
) -> None:
    """Its log, its index and the bodies of what is under way are private, too, without the key."""
    before = os.umask(0)
    try:
        with KlaviyoBulkEvents(KEY, base_url=emulated.url, rates=FAST, max_in_flight=1) as klaviyo:
            run = klaviyo.stream(records(3_000), backfill=True, journal=path)
            outcomes = iter(run)
            next(outcomes)
            files = {file.name: file for file in path.parent.iterdir()}
            modes = {stat.S_IMODE(file.stat().st_mode) for file in files.values()}
            content = b"".join(file.read_bytes() for file in files.values())
    finally:
        os.umask(before)
    assert files.keys() >= {f"run.db{end}" for end in ("", "-wal", "-shm", "-lock", "-bodies")}
    assert modes == {0o600}
    assert KEY.encode() not in content


def test_memory_of_many_rejects_is_bounded(send: Send, path: Path) -> None:
    """A source of which nothing can be sent is on disk all the same, and read on from its end."""
    broken = [{"metric": str(number)} for number in range(3_500)]
    send(broken)
    report = send([*broken, record(1)])
    assert (report.rejected, report.accepted) == (3_500, 1)
    assert standing(path).reached == 3_501


def test_what_was_never_sent_is_not_in_doubt(
    emulated: Running, records: Records, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run that was broken off before its requests went out, nothing counts as sent before."""

    def fail(*_: object) -> None:
        raise MemoryError

    with KlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo, monkeypatch.context() as patch:
        patch.setattr(Driver, "_enter", fail)
        with pytest.raises(MemoryError):
            klaviyo.send(records(500), backfill=True, journal=path)
    assert standing(path).set_aside == {"unsent": 500}
