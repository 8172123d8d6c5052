"""When a queue sends, and what it does when that fails."""

import logging
import threading
import time
from typing import Any

import httpx
import pytest

from klaviyo_bulk_events import ConfigurationError, KlaviyoBulkEvents, Outcome, Status
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.queueing.behind import BEHIND, EVERY, Behind
from klaviyo_bulk_events.queueing.memory import MemoryBacklog
from klaviyo_bulk_events.queueing.options import Options
from klaviyo_bulk_events.queueing.queue import entrance_of

from .conftest import Connect, eventually, held, ids, record

Kept = dict[str, Any]


@pytest.mark.parametrize(
    ("options", "size", "requests"),
    [
        ({"max_age": 60, "batch_events": 10}, 10, [10, 10]),
        ({"max_age": 60, "batch_bytes": 30_000}, 10_000, [2] * 9),
        ({"max_age": 0.2}, 10, [20]),
    ],
)
def test_whichever_comes_first(
    connect: Connect,
    emulated: Running,
    kept: Kept,
    options: dict[str, Any],
    size: int,
    requests: list[int],
) -> None:
    """Count, bytes or age: each alone makes a request of what waits."""
    queue = connect(**options, **kept)
    for number in range(20):
        queue.put(record(number, properties={"text": "x" * size}))
    assert eventually(lambda: queue.stats().accepted == sum(requests))
    assert [request.accepted for request in emulated.emulator.requests()] == requests


def test_nothing_goes_before_its_time(connect: Connect, emulated: Running, kept: Kept) -> None:
    """What is neither much nor old waits for more."""
    queue = connect(max_age=60, **kept)
    queue.put(record(1))
    time.sleep(0.5)
    assert emulated.emulator.summary()["requests"] == 0
    assert queue.stats().waiting == 1
    assert 0.4 < queue.stats().oldest_age < 5


@pytest.mark.parametrize("fault", ["html_502", "reset_after", "json_500_after", "html_503"])
def test_through_faults_in_order(
    connect: Connect, emulated: Running, kept: Kept, fault: str
) -> None:
    """A request that fails goes again before the next: order of arrival holds."""
    queue = connect(batch_events=10, **kept)
    for number in range(50):
        queue.put(record(number, profile={"external_id": "1"}))
        if number == 0:
            emulated.emulator.inject(fault, 1)
    assert queue.flush(20)
    numbers = [event.properties["number"] for event in emulated.emulator.events()]
    assert numbers == list(range(50))


@pytest.mark.parametrize("fault", ["json_401", "json_403"])
def test_after_a_stop(
    connect: Connect,
    emulated: Running,
    kept: Kept,
    fault: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A refused key or the like is logged with its mend, and tried again after a while."""
    emulated.emulator.set_faults({fault: 1.0})
    queue = connect(max_age=0.01, **kept)
    queue.put(record(0))
    assert eventually(lambda: sum("next attempt" in m for m in caplog.messages) >= 2)
    assert {r.levelno for r in caplog.records if "next attempt" in r.message} == {logging.ERROR}
    assert not queue.flush(0.05)
    emulated.emulator.set_faults({})
    assert queue.flush(10)
    assert held(emulated) == ids(1)


def test_no_pause_for_single_events(connect: Connect, emulated: Running, kept: Kept) -> None:
    """Bad events that go alone, one after the other, keep no good one waiting."""
    queue = connect(retry_after=60, **kept)
    emulated.emulator.refuse(lambda event: event.unique_id != "view-5")
    for number in range(6):
        queue.put(record(number))
        assert queue.flush(5)
    emulated.emulator.refuse(None)
    assert queue.stats().rejected == 5
    assert held(emulated) == ids(1, 5)


def test_without_an_id(connect: Connect, emulated: Running, kept: Kept) -> None:
    """What the server could not tell from a second one is unknown once it may be there."""
    from klaviyo_bulk_events import Intake

    told: list[Outcome] = []
    intake = Intake(derive_unique_id=False)
    queue = connect(intake=intake, on_outcome=told.append, **kept)
    emulated.emulator.inject("reset_after", 1)
    queue.put(record(0, unique_id=None))
    assert queue.flush(10)
    assert [outcome.status for outcome in told] == [Status.UNKNOWN]
    assert emulated.emulator.summary()["requests"] == 1


def test_closed_in_an_outage(
    connect: Connect, emulated: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """What memory can't keep is told: unsent, or unknown where an answer is missing."""
    told: list[Outcome] = []
    emulated.emulator.set_faults({"html_502": 1.0})
    queue = connect(batch_events=2, on_outcome=told.append)
    for number in range(5):
        queue.put(record(number))
    assert eventually(lambda: emulated.emulator.summary()["requests"] > 0)
    assert not queue.close(0.2)
    statuses = [(o.unique_id, o.status) for o in sorted(told, key=lambda o: o.unique_id or "")]
    assert statuses == [(f"view-{n}", Status.UNKNOWN if n < 2 else Status.UNSENT) for n in range(5)]
    stats = queue.stats()
    assert (stats.put, stats.unknown, stats.unsent, stats.waiting) == (5, 2, 3, 0)
    assert any("5 events were not" in line for line in caplog.messages)


def test_flush_tells_the_truth(connect: Connect, emulated: Running, kept: Kept) -> None:
    """It says no as long as something is unsettled, and yes when all is."""
    emulated.emulator.set_faults({"html_503": 1.0})
    queue = connect(**kept)
    assert queue.flush(0)
    queue.put(record(0))
    assert not queue.flush(0.2)
    emulated.emulator.set_faults({})
    assert queue.flush(20)
    assert queue.stats().accepted == 1


def test_flush_from_a_callback(connect: Connect, kept: Kept) -> None:
    """It does not wait for itself."""
    said: list[bool] = []
    queue = connect(on_outcome=lambda outcome: said.append(queue.flush()), **kept)
    queue.put(record(0))
    assert queue.flush(10)
    assert len(said) == 1


def test_behind(caplog: pytest.LogCaptureFixture) -> None:
    """A line a minute at most, with the number of events and the age of the oldest."""
    from datetime import UTC, datetime

    from klaviyo_bulk_events import Intake
    from klaviyo_bulk_events.encoder import Encoder

    backlog = MemoryBacklog(Options())
    now = 1_000.0
    behind = Behind(backlog, 1.0, lambda: now, lambda: now)
    encoder = Encoder(Intake(), False, lambda: datetime.now(UTC))
    behind.look()
    backlog.put([encoder.encode(record(1)), encoder.encode(record(2))], now)
    for seconds in (1.0, BEHIND, 5.0, EVERY - 1.0, 1.0):
        now += seconds
        behind.look()
    assert caplog.messages == [
        "the queue falls behind: 2 events wait, the oldest for 21 s",
        "the queue falls behind: 2 events wait, the oldest for 81 s",
    ]


@pytest.mark.parametrize("when_full", ["drop", "raise", "block"])
def test_closed_while_an_event_is_put(
    connect: Connect, emulated: Running, monkeypatch: pytest.MonkeyPatch, when_full: str
) -> None:
    """In memory it is either sent or refused: nobody would send it later, or tell of it."""
    queue = connect(when_full=when_full)
    queue.put(record(1))
    entrance = entrance_of(queue)
    take = entrance.take

    def take_and_close(given: Any) -> Any:
        taken = take(given)
        queue.close()
        return taken

    monkeypatch.setattr(entrance, "take", take_and_close)
    with pytest.raises(ConfigurationError, match="closed"):
        queue.put(record(2))
    assert (queue.stats().put, queue.stats().waiting) == (1, 0)
    assert len(emulated.emulator.events()) == 1


def test_what_is_left_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that comes after the queue was closed changes nothing of what was told."""
    monkeypatch.setattr("klaviyo_bulk_events.queueing.background._BREAK_OFF", 0.05)
    asked, answer = threading.Event(), threading.Event()

    def late(request: httpx.Request) -> httpx.Response:
        asked.set()
        answer.wait(10)
        return httpx.Response(202)

    told: list[Status] = []
    with KlaviyoBulkEvents("pk_0", transport=httpx.MockTransport(late)) as klaviyo:
        queue = klaviyo.queue(
            backfill=False, max_age=0.01, on_outcome=lambda outcome: told.append(outcome.status)
        )
        queue.put(record(0))
        assert asked.wait(10)
        assert not queue.close(0.05)
        answer.set()
        for thread in threading.enumerate():
            if thread.name == "klaviyo-queue":
                thread.join(10)
    assert told == [Status.UNKNOWN]
    stats = queue.stats()
    assert (stats.put, stats.unknown, stats.accepted, stats.waiting) == (1, 1, 0, 0)
