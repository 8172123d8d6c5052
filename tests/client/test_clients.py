"""What both clients do, against a real server."""

import asyncio
import logging
import pickle
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from klaviyo_bulk_events import (
    AsyncKlaviyoBulkEvents,
    ConfigurationError,
    Event,
    Intake,
    KlaviyoBulkEvents,
    Outcome,
    Report,
    StoppedError,
    limits,
)
from klaviyo_bulk_events.answers import NoAnswer
from klaviyo_bulk_events.credentials import ApiKey
from klaviyo_bulk_events.delivery import Steps
from klaviyo_bulk_events.driver import Driver
from klaviyo_bulk_events.emulator import Running, Settings, running
from klaviyo_bulk_events.limiter import Limiter
from klaviyo_bulk_events.outcomes import Settlement
from klaviyo_bulk_events.places import MemoryPlaces
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.steps import Answered, Enter, Paused, Retrying, Waiting

KEY = "pk_0123456789abcdef"
MOST = limits.EVENTS_PER_REQUEST.value
Make = Callable[..., Iterator[Event]]
Connect = Callable[..., Any]


def test_everything_arrives_once(client: Any, emulated: Running, make: Make) -> None:
    """Requests are as full as they may be; the server has what was sent, and no more."""
    count = 2 * MOST + 1
    report = client.send(make(count))
    assert (report.submitted, report.accepted, report.requests) == (count, count, 3)
    sent = {event.unique_id for event in emulated.emulator.events(limit=count + 1)}
    assert sent == {f"order-{n}" for n in range(count)}


@pytest.mark.parametrize("backfill", [True, False])
def test_the_flow_is_what_was_said(
    client: Any, emulated: Running, make: Make, backfill: bool
) -> None:
    """No event goes out with another flag than the call's."""
    client.send(make(10), backfill=backfill)
    assert {event.backfill for event in emulated.emulator.events()} == {backfill}


def test_backfill_has_no_default(client: Any) -> None:
    """Whether e-mails go out is never guessed."""
    for kind in (KlaviyoBulkEvents, AsyncKlaviyoBulkEvents):
        with pytest.raises(TypeError, match="backfill"):
            kind(KEY).send([])  # type: ignore[call-arg]


def test_a_flag_that_is_no_bool_is_refused(client: Any) -> None:
    """1 and "yes" are no answer to whether e-mails go out."""
    with pytest.raises(ConfigurationError, match="backfill"):
        client.send([], backfill="yes")


def test_mixed_input_is_settled_event_by_event(client: Any, make: Make) -> None:
    """Events and mappings, good, bad and repeated, in one run."""
    good = {
        "metric": "Viewed Product",
        "profile": {"email": "sarah@shop.org"},
        "time": "2025-05-05T12:00:00Z",
    }
    seen: dict[int, str] = {}
    report = client.stream(
        [*make(2), good, good, {**good, "tme": 1}, "no record"],
        lambda run, outcome: seen.update({outcome.position: outcome.status.value}),
    )
    assert [seen[n] for n in range(6)] == ["accepted"] * 3 + ["duplicate"] + ["rejected"] * 2
    assert report.rejections == {"unknown_field": 1, "wrong_type": 1}


def test_an_empty_source_sends_nothing(client: Any) -> None:
    """No events, no request."""
    report = client.send([])
    assert (report.submitted, report.requests) == (0, 0)


@pytest.mark.parametrize(
    ("fault", "retries"),
    [
        ("html_503", 1),
        ("json_500", 1),
        ("html_403", 1),
        ("html_400", 1),
        ("html_524", 1),
        ("empty_502", 1),
        ("reset_before", 1),
        ("throttled_zero", 1),
    ],
)
def test_faults_are_overcome(
    connect: Connect, emulated: Running, make: Make, fault: str, retries: int
) -> None:
    """What was not processed goes again, until it is."""
    emulated.emulator.inject(fault, times=1)
    report = connect(timeout=5.0).send(make(5))
    assert (report.accepted, report.retries) == (5, retries)


@pytest.mark.parametrize("fault", ["trickle", "endless", "silence", "lost_answer"])
def test_no_attempt_outlives_its_timeout(
    connect: Connect, emulated: Running, make: Make, fault: str
) -> None:
    """An answer that trickles in, or never ends, is given up like one that does not come."""
    emulated.emulator.set_faults({fault: 1.0})
    started = time.monotonic()
    report = connect(timeout=0.4, deadline=0.2).send(make(5))
    assert report.unknown == 5
    assert time.monotonic() - started < 3.0


def watches() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "klaviyo-watchdog"}


@pytest.mark.parametrize("pause", [0.0, 0.3, 0.7])
def test_one_watch_keeps_the_time_of_attempt_after_attempt(
    emulated: Running, make: Make, pause: float
) -> None:
    """Whenever an attempt begins, it ends in time; who keeps it goes with the client."""
    before = watches()
    with KlaviyoBulkEvents(KEY, base_url=emulated.url, timeout=0.4, deadline=0.2) as klaviyo:
        klaviyo.send(make(1), backfill=True)
        time.sleep(pause)
        klaviyo.send(make(1), backfill=True)
        assert len(watches() - before) == 1
        emulated.emulator.inject("trickle", times=1)
        began = time.monotonic()
        assert klaviyo.send(make(1), backfill=True).unknown == 1
        assert 0.3 < time.monotonic() - began < 2.0
        own = watches() - before
    for watch in own:
        watch.join(0.3)
    assert not watches() & own


def test_a_lost_answer_is_asked_for_again(connect: Connect, emulated: Running, make: Make) -> None:
    """The same bytes go again; the server, which has them, names them all as repeats."""
    emulated.emulator.inject("lost_answer", times=1)
    report = connect(timeout=0.4).send(make(5))
    assert report.accepted + report.duplicate == 5
    assert emulated.emulator.summary()["accepted"] == 5


def test_a_wrong_key_stops_at_once(connect: Connect, make: Make) -> None:
    """The error says what to do and holds the report; the source is not read on."""
    pulled = 0

    def source() -> Iterator[Event]:
        nonlocal pulled
        for event in make(100 * MOST):
            pulled += 1
            yield event

    client = connect(api_key="pk_wrong", max_in_flight=1)
    with pytest.raises(StoppedError, match="KLAVIYO_API_KEY") as stopped:
        client.send(source())
    report = stopped.value.report
    assert report.submitted == report.unsent == pulled
    assert pulled < 5 * MOST
    assert "pk_wrong" not in f"{stopped.value!r} {report!r}"


def test_the_source_is_pulled_only_as_fast_as_it_is_sent(
    connect: Connect, emulated: Running, make: Make
) -> None:
    """With one request in flight, at most the next is being collected."""
    ahead: list[int] = []

    def source() -> Iterator[Event]:
        for number, event in enumerate(make(4 * MOST)):
            ahead.append(number - emulated.emulator.summary()["accepted"])
            yield event

    connect(max_in_flight=1).send(source())
    assert max(ahead) <= 2 * MOST


def test_a_run_can_be_stopped(connect: Connect, make: Make) -> None:
    """What was taken is settled, the rest is not read, and the report is true."""

    def see(run: Any, outcome: Outcome) -> None:
        run.stop()

    report = connect(max_in_flight=1).stream(make(50 * MOST), see)
    assert MOST <= report.submitted < 5 * MOST
    assert report.accepted >= MOST
    assert report.unsent == report.submitted - report.accepted


def test_an_outage_stops_the_run(connect: Connect, emulated: Running, make: Make) -> None:
    """One request that is given up is enough: the rest can be sent when Klaviyo is back."""
    emulated.emulator.set_faults({"html_503": 1.0})
    report = connect(deadline=0.01, max_in_flight=1).send(make(50 * MOST))
    assert report.stopped is not None
    assert report.submitted == report.unknown + report.unsent < 5 * MOST


def test_a_pause_of_centuries_can_be_waited_for() -> None:
    """A `Retry-After` longer than any thread can wait holds requests back, and breaks nothing."""
    limiter = Limiter(MemoryPlaces([Rate(1, 1.0)], 1.0))
    limiter.pause(1e14)
    waiting = threading.Event()
    driver = Driver(
        limiter,
        lambda body: NoAnswer("never", written=False),
        lambda _: waiting.set(),
        ApiKey("pk"),
    )

    def steps() -> Steps:
        assert (yield Enter(None)) is False
        return Settlement()

    with ThreadPoolExecutor(1) as pool:
        carried = pool.submit(driver.carry, steps())
        assert waiting.wait(5.0)
        time.sleep(0.05)
        driver.stop()
        assert carried.result(5.0) == Settlement()


def test_an_outage_can_be_sat_out(connect: Connect, emulated: Running, make: Make) -> None:
    """`wait_for_outage` keeps trying where the deadline would have given up."""
    emulated.emulator.inject("html_503", times=2)
    report = connect(deadline=0.01, wait_for_outage=60.0).send(make(5))
    assert (report.accepted, report.retries, report.stopped) == (5, 2, None)


@pytest.mark.parametrize(("asked", "accepted"), [(False, 0), (True, 3)])
def test_events_without_an_id_are_sent_again_if_asked(
    connect: Connect, emulated: Running, asked: bool, accepted: int
) -> None:
    """Else they are unknown once they may have been recorded."""
    emulated.emulator.inject("html_503", times=1)
    event = {"metric": "Sold", "profile": {"external_id": "7"}}
    events = [{**event, "time": f"2025-05-05T12:00:0{second}Z"} for second in range(3)]
    intake = Intake(derive_unique_id=False)
    report = connect(resend_unsafe=asked).send(events, intake=intake)
    assert (report.accepted, report.unknown) == (accepted, 3 - accepted)
    assert report.requests == 1 + asked


def test_a_fault_of_the_whole_stops_the_run(make: Make) -> None:
    """Three requests in a row that are refused whole for the same: it is not the events."""
    error = {
        "id": "1",
        "code": "invalid",
        "title": "",
        "detail": "",
        "source": {"pointer": "/data"},
    }

    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"errors": [error]})

    transport = httpx.MockTransport(refuse)
    with KlaviyoBulkEvents(KEY, transport=transport, rates=["9999/s"], max_in_flight=1) as klaviyo:
        report = klaviyo.send(make(50 * MOST), backfill=True)
    assert report.stopped is not None
    assert "/data" in report.stopped
    assert report.rejected == 3 * MOST
    assert report.submitted == report.rejected + report.unsent


@pytest.mark.parametrize("pointers", ["exact", "entry", "nothing"])
@pytest.mark.parametrize("name_faults", ["all", "first"])
def test_poison_costs_nobody_else(make: Make, pointers: str, name_faults: str) -> None:
    """Whatever the refusal says: with requests enough, exactly the poisoned are rejected."""
    settings = Settings(
        rates=(), seed=11, pointers=pointers, name_faults=name_faults, faults={"poison": 0.02}
    )
    with (
        running(settings) as server,
        KlaviyoBulkEvents(
            KEY, base_url=server.url, rates=["9999/s"], narrowing_budget=10_000
        ) as klaviyo,
    ):
        rejected = {
            outcome.unique_id
            for outcome in klaviyo.stream(make(300), backfill=True)
            if outcome.status == "rejected"
        }
        accepted = {event.unique_id for event in server.emulator.events()}
    assert accepted == {f"order-{n}" for n in range(300)} - rejected
    assert 0 < len(rejected) < 30


def test_leaving_a_run_settles_what_was_in_flight(emulated: Running, make: Make) -> None:
    """Whoever breaks out of the loop can still ask for the report, and it is true."""
    with KlaviyoBulkEvents(KEY, base_url=emulated.url, rates=["99/s"]) as klaviyo:
        run = klaviyo.stream(make(20 * MOST), backfill=True)
        for _ in run:
            break
        report = run.report()
    assert report.accepted == emulated.emulator.summary()["accepted"] >= MOST
    assert report.submitted == report.accepted + report.unsent < 20 * MOST


def test_closing_a_client_ends_no_other_thread_s_watch(emulated: Running, make: Make) -> None:
    """What another thread sends still ends in time; its connection is closed after it."""
    emulated.emulator.inject("trickle", times=1)
    klaviyo = KlaviyoBulkEvents(KEY, base_url=emulated.url, timeout=0.5, deadline=0.2)
    reports = []
    thread = threading.Thread(
        target=lambda: reports.append(klaviyo.send(make(5), backfill=True)), daemon=True
    )
    thread.start()
    while not emulated.emulator.requests():
        time.sleep(0.01)
    klaviyo.close()
    thread.join(10)
    assert [report.unknown for report in reports] == [5]
    assert not klaviyo._lanes._idle


def test_a_connection_of_a_pool_that_was_given_is_watched(emulated: Running, make: Make) -> None:
    """Whichever of the pool's connections an attempt uses, it is the one that is shut."""
    with KlaviyoBulkEvents(
        KEY,
        base_url=emulated.url,
        rates=["1000/s"],
        timeout=3.0,
        deadline=0.2,
        transport=httpx.HTTPTransport(),
    ) as klaviyo:
        assert klaviyo.send(make(5 * MOST), backfill=True).accepted == 5 * MOST
        emulated.emulator.set_faults({"trickle": 1.0})
        started = time.monotonic()
        assert klaviyo.send(make(2 * MOST), backfill=True).unknown == 2 * MOST
        assert time.monotonic() - started < 15.0


class Interleaved(threading.Event):
    """Somebody stops the driver just before it is cleared."""

    stop: Any = None

    def clear(self) -> None:
        if self.stop is not None:
            self.stop()
        super().clear()


def test_a_stop_is_never_missed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it falls between two steps of whoever waits for a place."""
    with KlaviyoBulkEvents(KEY, base_url="http://127.0.0.1:1", rates=["1/h"]) as klaviyo:
        klaviyo._settings.limiter.pause(3600.0)
        run = klaviyo.stream(make(5), backfill=True)
        monkeypatch.setattr("klaviyo_bulk_events.driver.threading.Event", Interleaved)
        monkeypatch.setattr(Interleaved, "stop", lambda event: run.stop())
        assert run.finish().unsent == 5


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_a_run_is_delivered_once(emulated: Running, make: Make, taken: int) -> None:
    """finish() delivers what is left, and asking again changes nothing."""
    with KlaviyoBulkEvents(KEY, base_url=emulated.url, rates=["99/s"]) as klaviyo:
        run = klaviyo.stream(list(make(5)), backfill=True)
        outcomes = iter(run)
        for _ in range(taken):
            next(outcomes)
        assert run.finish().accepted == 5
        assert list(run) == []
        assert run.finish().submitted == 5


def test_an_interrupt_leaves_a_report(emulated: Running, make: Make) -> None:
    """After Ctrl-C in the loop: stop(), then finish() says what became of everything."""
    with KlaviyoBulkEvents(KEY, base_url=emulated.url, rates=["99/s"]) as klaviyo:
        run = klaviyo.stream(make(5 * MOST), backfill=True)

        def interrupted() -> None:
            for _ in run:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        run.stop()
        report = run.finish()
    assert report.accepted == emulated.emulator.summary()["accepted"]
    assert report.submitted == report.accepted + report.unsent


def test_a_transport_that_raises_anything(make: Make) -> None:
    """Whatever it raises, the server may have the request: the events are unknown."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise ValueError("a proxy of the company's own")

    transport = httpx.MockTransport(answer)
    with KlaviyoBulkEvents(KEY, transport=transport, deadline=0.01) as klaviyo:
        report = klaviyo.send(make(5), backfill=True)
    assert report.unknown == 5
    assert "ValueError" in (report.stopped or "")


def test_a_record_that_raises_is_one_rejected_record(client: Any, make: Make) -> None:
    """Nothing that a caller hands in ends the run."""

    class Odd(dict[str, Any]):
        def get(self, key: Any, default: Any = None) -> Any:
            raise ZeroDivisionError

        def __iter__(self) -> Any:
            raise ZeroDivisionError

    report = client.send([*make(2), Odd(metric="A"), *make(1)])
    assert (report.submitted, report.accepted, report.duplicate) == (4, 2, 1)
    assert report.rejections == {"broken_record": 1}


@pytest.mark.parametrize("events", [{"metric": "A"}, "events.jsonl", b"{}", "event"])
def test_one_event_is_not_many(client: Any, make: Make, events: Any) -> None:
    """A mapping or a text can be iterated over, and would be nonsense."""
    given = next(make(1)) if events == "event" else events
    with pytest.raises(ConfigurationError, match="iterable of events"):
        client.send(given)


def test_a_stopped_error_can_be_pickled(connect: Connect, make: Make) -> None:
    """Process pools hand errors on that way."""
    with pytest.raises(StoppedError) as stopped:
        connect(api_key="pk_wrong").send(make(1))
    again = pickle.loads(pickle.dumps(stopped.value))
    assert (str(again), again.report) == (str(stopped.value), stopped.value.report)


def test_there_is_no_report_of_a_run_that_goes_on(emulated: Running, make: Make) -> None:
    """Half a sum would look like a whole one."""
    with KlaviyoBulkEvents(KEY, base_url=emulated.url, rates=["99/s"]) as klaviyo:
        run = klaviyo.stream(make(5 * MOST), backfill=True)
        outcomes = iter(run)
        next(outcomes)
        with pytest.raises(ConfigurationError, match="has not ended"):
            run.report()
        assert len(list(outcomes)) == 5 * MOST - 1
        assert run.report().accepted == 5 * MOST


def test_a_watcher_that_raises_costs_no_event(
    connect: Connect, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Its fault is logged, and the delivery goes on."""

    def watch(notice: object) -> None:
        raise RuntimeError("no room on the dashboard")

    assert connect(on_event=watch).send(make(10)).accepted == 10
    assert "no room on the dashboard" in caplog.text


def test_a_failing_source_raises_what_it_raised(client: Any, emulated: Running, make: Make) -> None:
    """What was taken before is delivered, and the error says so."""

    def source() -> Iterator[Event]:
        yield from make(10)
        raise RuntimeError("the cursor is gone")

    with pytest.raises(RuntimeError, match="cursor") as raised:
        client.send(source())
    assert "accepted=10" in "".join(raised.value.__notes__)
    assert emulated.emulator.summary()["accepted"] == 10


def test_whoever_watches_is_told(connect: Connect, emulated: Running, make: Make) -> None:
    """Waits, retries, pauses and answers reach the callback."""
    notices: list[type] = []
    emulated.emulator.inject("throttled_zero", times=1)
    emulated.emulator.inject("html_503", times=1)
    client = connect(rates=["1/0.05s"], on_event=lambda notice: notices.append(type(notice)))
    client.send(make(5))
    assert {Answered, Retrying, Paused, Waiting} <= set(notices)


def test_the_limit_is_kept_and_reached(make: Make, request: pytest.FixtureRequest) -> None:
    """Against an emulator with the same rate: never a 429, and no window overrun."""
    rate = "5/0.2s"
    from klaviyo_bulk_events import Rate

    settings = Settings(rates=(Rate.parse(rate),), api_key=KEY, seed=3)
    with (
        running(settings) as server,
        KlaviyoBulkEvents(KEY, base_url=server.url, rates=[rate]) as klaviyo,
    ):
        threads = [
            threading.Thread(
                target=klaviyo.send,
                args=([event_of(n, make) for n in range(at, 20, 2)],),
                kwargs={"backfill": True},
            )
            for at in range(2)
        ]
        for _ in range(10):
            klaviyo.send(make(3), backfill=True)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.emulator.summary()["requests"] >= 3
        assert server.emulator.busiest(0.2) <= 5
        assert all(request.status != 429 for request in server.emulator.requests())


def event_of(number: int, make: Make) -> Event:
    return list(make(number + 1))[number]


def test_identifiers_alone() -> None:
    """With profile_updates off, an import overwrites nobody's attributes."""
    record = {
        "metric": "Ordered Product",
        "profile": {"email": "sarah@shop.org", "first_name": "Sarah", "location": {"city": "Bath"}},
        "time": "2015-05-05T12:00:00Z",
    }
    bodies: list[bytes] = []

    def keep(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        return httpx.Response(202)

    with KlaviyoBulkEvents(KEY, transport=httpx.MockTransport(keep)) as klaviyo:
        klaviyo.send([record], backfill=True, intake=Intake(profile_updates=False))
        klaviyo.send([record], backfill=True)
    assert [b"Sarah" in body for body in bodies] == [False, True]
    assert [b"Bath" in body for body in bodies] == [False, True]


def test_no_key_and_no_event_in_the_logs(
    client: Any, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even at the lowest level of everything underneath."""
    caplog.set_level(logging.DEBUG)
    client.send(make(3))
    assert KEY not in caplog.text
    assert "order-1" not in caplog.text


def test_no_key_in_any_repr() -> None:
    """A client in a traceback or a debugger gives nothing away."""
    klaviyo = KlaviyoBulkEvents(KEY)
    known = vars(klaviyo)
    lanes = known["_lanes"]
    assert KEY not in f"{klaviyo!r} {known!r} {vars(lanes)!r}"


def test_a_closed_client_says_so(emulated: Running, make: Make) -> None:
    """Sending after close() is a mistake of the program."""
    klaviyo = KlaviyoBulkEvents(KEY, base_url=emulated.url)
    klaviyo.close()
    with pytest.raises(ConfigurationError, match="closed"):
        klaviyo.send(make(1), backfill=True)


def test_an_async_source(emulated: Running, make: Make) -> None:
    """The asyncio client takes async iterables too."""

    async def source() -> AsyncIterator[Event]:
        for event in make(1_200):
            yield event

    async def send() -> int:
        async with AsyncKlaviyoBulkEvents(KEY, base_url=emulated.url, rates=["99/s"]) as klaviyo:
            return (await klaviyo.send(source(), backfill=True)).accepted

    assert asyncio.run(send()) == 1_200


def test_the_event_loop_is_not_held_up(emulated: Running, make: Make) -> None:
    """Others get their turn while a plain iterable is taken in."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def send() -> None:
        task = asyncio.create_task(others())
        async with AsyncKlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
            await klaviyo.send(make(2_000), backfill=True)
        task.cancel()

    asyncio.run(send())
    assert turns >= 20


def test_a_cancelled_run_leaves_no_task_behind(emulated: Running, make: Make) -> None:
    """Whoever cancels send() gets a quiet event loop back."""
    emulated.emulator.set_faults({"silence": 1.0})

    async def send() -> int:
        async with AsyncKlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
            task = asyncio.create_task(klaviyo.send(make(5_000), backfill=True))
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as cancelled:
                await task
            assert "unknown=" in "".join(cancelled.value.__notes__)
            return len(asyncio.all_tasks()) - 1

    assert asyncio.run(send()) == 0


def test_what_waited_when_a_run_was_cancelled_is_unsent(emulated: Running, make: Make) -> None:
    """Only a request that was under way is unknown; those without a place never went out."""
    emulated.emulator.set_faults({"silence": 1.0})

    async def send() -> Report:
        waits = asyncio.Event()
        settings: dict[str, Any] = {"base_url": emulated.url, "rates": ["1/m"]}
        settings["on_event"] = lambda notice: isinstance(notice, Waiting) and waits.set()
        async with AsyncKlaviyoBulkEvents(KEY, **settings) as klaviyo:
            run = klaviyo.stream(make(5_000), backfill=True)
            task = asyncio.create_task(run.finish())
            await waits.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return run.report()

    report = asyncio.run(send())
    assert (report.unknown, report.unsent) == (1_000, report.submitted - 1_000)


def test_what_a_dying_thread_never_sent_is_unsent(
    emulated: Running, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that dies before its request went out leaves unsent what it held."""

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Driver, "_enter", fail)
    with KlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
        run = klaviyo.stream(make(1_500), backfill=True)
        with pytest.raises(MemoryError):
            run.finish()
        assert run.report().unsent == run.report().submitted > 0
