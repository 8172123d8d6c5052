"""What `put` takes, and what it does when there is no room."""

import logging
import threading
import time
from typing import Any

import pytest

from klaviyo_bulk_events import (
    ConfigurationError,
    Event,
    Intake,
    KlaviyoBulkEvents,
    Outcome,
    Profile,
    QueueFullError,
    Status,
)
from klaviyo_bulk_events.emulator import Running

from .conftest import KEY, Connect, eventually, held, ids, record

Kept = dict[str, Any]


def test_what_is_put_is_sent(connect: Connect, emulated: Running, kept: Kept) -> None:
    """Events and records are delivered, and the numbers say so."""
    queue = connect(max_age=0.05, **kept)
    for number in range(100):
        queue.put(record(number))
    queue.put(Event(metric="Viewed Product", profile=Profile(external_id="1"), properties={}))
    assert eventually(lambda: queue.stats().accepted == 101)
    assert ids(100) <= held(emulated)
    stats = queue.stats()
    assert (stats.put, stats.waiting, stats.oldest_age) == (101, 0, 0.0)


def test_a_snapshot(connect: Connect, emulated: Running, kept: Kept) -> None:
    """What is changed after it was put is sent as it was."""
    queue = connect(**kept)
    given = record(1)
    queue.put(given)
    given["properties"]["number"] = 2
    assert queue.flush(10)
    (event,) = emulated.emulator.events()
    assert event.properties == {"number": 1}


def test_stamped_when_put(connect: Connect, emulated: Running, kept: Kept) -> None:
    """An event without a time has that of its arrival, not of its delivery."""
    queue = connect(max_age=60, **kept)
    before = time.time()
    queue.put(record(1))
    after = time.time()
    time.sleep(1.1)
    assert queue.flush(10)
    (event,) = emulated.emulator.events()
    assert int(before) <= event.time.timestamp() <= after


@pytest.mark.parametrize("event", [{"metric": ""}, record(1, unique_id="x" * 300), "text", None, 5])
def test_an_invalid_event(
    connect: Connect, kept: Kept, event: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told and counted as rejected, in a line without its data, and raises nothing."""
    told: list[Outcome] = []
    queue = connect(on_outcome=told.append, **kept)
    with caplog.at_level(logging.WARNING):
        queue.put(event)
    assert [outcome.status for outcome in told] == [Status.REJECTED]
    assert queue.stats().rejected == 1
    (line,) = caplog.messages
    assert line.startswith("an event was rejected: ")
    assert "xxx" not in line
    assert "view-" not in line


def test_every_outcome_is_told(connect: Connect, emulated: Running, kept: Kept) -> None:
    """Accepted, repeated and refused events come with their records, and are counted."""
    told: list[Outcome] = []
    emulated.emulator.refuse(lambda event: event.unique_id == "view-3")
    queue = connect(on_outcome=told.append, **kept)
    for number in (1, 2, 3, 1):
        queue.put(record(number, time="2026-01-01T00:00:00Z"))
    assert queue.flush(10)
    emulated.emulator.refuse(None)
    by_id = {(outcome.unique_id, outcome.status) for outcome in told}
    assert by_id == {
        ("view-1", Status.ACCEPTED),
        ("view-2", Status.ACCEPTED),
        ("view-3", Status.REJECTED),
        ("view-1", Status.DUPLICATE),
    }
    assert all(o.record and o.record["properties"]["number"] in (1, 2, 3) for o in told)  # type: ignore[index]
    stats = queue.stats()
    assert (stats.accepted, stats.rejected, stats.duplicate) == (2, 1, 1)


def test_a_repeat_without_a_time(connect: Connect, emulated: Running, kept: Kept) -> None:
    """Put again a second later with its own id and no time, it is a repeat, and no conflict."""
    queue = connect(**kept)
    queue.put(record(1))
    assert queue.flush(10)
    time.sleep(1.1)
    queue.put(record(1))
    assert queue.flush(10)
    assert queue.stats().duplicate == 1
    assert held(emulated) == ids(1, 1)


def test_a_callback_that_raises(connect: Connect, emulated: Running, kept: Kept) -> None:
    """It takes no event down with it."""

    def fail(outcome: Outcome) -> None:
        raise RuntimeError

    queue = connect(on_outcome=fail, **kept)
    queue.put({"metric": ""})
    for number in range(3):
        queue.put(record(number))
        assert queue.flush(10)
    assert held(emulated) == ids(3)


def test_full_and_drop(
    connect: Connect, kept: Kept, caplog: pytest.LogCaptureFixture, emulated: Running
) -> None:
    """Without room, events are dropped, told as unsent, counted, and logged once a minute."""
    told: list[Outcome] = []
    queue = connect(max_events=3, max_age=60, on_outcome=told.append, **kept)
    for number in range(10):
        queue.put(record(number))
    assert (queue.stats().dropped, queue.stats().waiting) == (7, 3)
    assert [(o.status, o.problems[0].code) for o in told] == [(Status.UNSENT, "queue_full")] * 7
    assert sum("full" in line for line in caplog.messages) == 1
    assert queue.flush(10)
    assert held(emulated) == ids(3)


def test_full_and_raise(connect: Connect, kept: Kept, emulated: Running) -> None:
    """Without room, QueueFullError says that this event was not taken."""
    queue = connect(max_events=1, max_age=60, when_full="raise", **kept)
    queue.put(record(0))
    with pytest.raises(QueueFullError):
        queue.put(record(1))
    assert queue.stats().put == 1
    assert queue.flush(10)
    queue.put(record(2))
    assert queue.flush(10)
    assert held(emulated) == ids(1) + ids(1, 2)


def test_full_and_block(connect: Connect, kept: Kept, emulated: Running) -> None:
    """Without room, put waits until there is some."""
    queue = connect(max_events=5, batch_events=5, max_age=0.01, when_full="block", **kept)
    for number in range(50):
        queue.put(record(number))
    assert queue.flush(10)
    assert held(emulated) == ids(50)


def test_blocked_while_it_closes(connect: Connect, emulated: Running) -> None:
    """A put that waits for room is told when there will be none."""
    emulated.emulator.set_faults({"html_503": 1.0})
    queue = connect(max_events=1, when_full="block")
    queue.put(record(0))
    raised: list[BaseException] = []

    def put() -> None:
        try:
            queue.put(record(1))
        except ConfigurationError as error:
            raised.append(error)

    thread = threading.Thread(target=put)
    thread.start()
    time.sleep(0.1)
    queue.close(0.1)
    thread.join(5)
    assert len(raised) == 1


def test_full_of_bytes(connect: Connect) -> None:
    """Memory is bounded in bytes, too; one event gets in, however large it is."""
    queue = connect(max_bytes=1_000, max_age=60)
    for number in range(9):
        queue.put(record(number, properties={"text": "x" * 2_000}))
    assert (queue.stats().waiting, queue.stats().dropped) == (1, 8)


def test_from_many_threads(connect: Connect, emulated: Running, kept: Kept) -> None:
    """What many threads put is sent once, each thread's in its order."""
    queue = connect(max_age=0.01, **kept)

    def put(start: int) -> None:
        for number in range(start, start + 200):
            queue.put(record(number, profile={"external_id": str(start)}))

    threads = [threading.Thread(target=put, args=(start,)) for start in range(0, 1_000, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert queue.flush(20)
    assert held(emulated) == ids(1_000)
    for start in range(0, 1_000, 200):
        theirs = emulated.emulator.events(profile=str(start))
        assert [e.properties["number"] for e in theirs] == list(range(start, start + 200))


def test_closed(connect: Connect, kept: Kept) -> None:
    """A closed queue takes nothing, and closes again without complaint."""
    queue = connect(**kept)
    assert queue.close()
    assert queue.close()
    with pytest.raises(ConfigurationError, match="closed"):
        queue.put(record(1))


def test_a_context(connect: Connect, emulated: Running, kept: Kept) -> None:
    """Leaving it sends what waits."""
    with connect(max_age=60, **kept) as queue:
        queue.put(record(0))
    assert held(emulated) == ids(1)


@pytest.mark.parametrize(
    "options",
    [
        {"when_full": "wait"},
        {"max_events": 0},
        {"max_age": -1},
        {"max_age": "1"},
        {"batch_events": 1_001},
        {"batch_bytes": 5_000_001},
        {"exit_timeout": float("nan")},
        {"retry_after": 0},
        {"backfill": "no"},
    ],
)
def test_what_can_not_be(options: dict[str, Any]) -> None:
    """Options that make no sense raise."""
    klaviyo = KlaviyoBulkEvents(KEY)
    with pytest.raises(ConfigurationError):
        klaviyo.queue(**{"backfill": True, **options})


def test_backfill_by_event(connect: Connect, emulated: Running) -> None:
    """With None every event says itself whether it is history."""
    told: list[Outcome] = []
    queue = connect(backfill=None, on_outcome=told.append, intake=Intake())
    queue.put(record(1, backfill=True))
    queue.put(record(2, backfill=False))
    queue.put(record(3))
    assert queue.flush(10)
    assert [event.backfill for event in emulated.emulator.events()] == [True, False]
    assert told[0].status is Status.REJECTED
