"""What can be said of every record before anything is sent."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import Event, Intake, Outcome, Problem, Profile, limits
from klaviyo_bulk_events.chunker import Chunk, Chunker
from klaviyo_bulk_events.encoder import Encoder
from klaviyo_bulk_events.planner import Planner, Record, Sourced

LONGEST = limits.STRING_BYTES.value
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def planner(chunker: Chunker | None = None, backfill: bool | None = True, **intake: Any) -> Planner:
    settings = Intake(**intake)
    return Planner(Encoder(settings, backfill, lambda: NOW), settings, chunker)


def record(**fields: Any) -> dict[str, Any]:
    base = {
        "metric": "Ordered Product",
        "profile": {"email": "sarah@shop.org"},
        "time": "2025-05-05T12:00:00Z",
    }
    return {name: value for name, value in {**base, **fields}.items() if value is not ...}


def settle(planner: Planner, *records: Record) -> list[str]:
    """Each record's code, or its status where there is none; `sent` for those in a chunk."""
    found: dict[int, str] = {}
    for ready in (*map(planner.take, records), planner.finish()):
        if isinstance(ready, Outcome):
            codes = [problem.code for problem in ready.problems]
            found[ready.position] = codes[0] if codes else ready.status.value
        elif isinstance(ready, Chunk):
            found |= {event.position: "sent" for event in ready.events}
    return [found[position] for position in sorted(found)]


@pytest.mark.parametrize(
    ("records", "settled"),
    [
        ([record(), record()], ["sent", "duplicate"]),
        ([record(value=1), record(value=2)], ["sent", "sent"]),
        ([record(unique_id="a"), record(unique_id="a")], ["sent", "duplicate"]),
        ([record(unique_id="a"), record(unique_id="a", value=1)], ["sent", "key_conflict"]),
        ([record(unique_id="a"), record(unique_id="a", metric="Other")], ["sent", "sent"]),
        (
            [
                record(unique_id="a"),
                record(unique_id="a", profile={"email": "sarah@shop.org", "first_name": "S"}),
            ],
            ["sent", "key_conflict"],
        ),
        (
            [record(unique_id="a"), record(unique_id="a", profile={"external_id": "7"})],
            ["sent", "sent"],
        ),
        ([record(time=...)], ["missing_time"]),
        ([record(profile=...)], ["missing_field"]),
        ([record(metrc="x")], ["unknown_field"]),
        ([record(properties={"note": "x" * (LONGEST + 1)})], ["string_too_long"]),
        ([["no", "record"]], ["wrong_type"]),
        ([None], ["wrong_type"]),
    ],
)
def test_what_becomes_of_records(records: list[Any], settled: list[str]) -> None:
    """Repeats, conflicts and what can't be an event are told apart; the rest is sent."""
    assert settle(planner(), *records) == settled


def test_without_unique_ids_a_second_holds_one_event() -> None:
    """The server would keep one of them, silently: the others are rejected instead."""
    events = [record(value=1), record(value=2), record(value=1)]
    settled = settle(planner(derive_unique_id=False), *events)
    assert settled == ["sent", "key_conflict", "duplicate"]


def test_an_event_that_fits_no_request_is_rejected_alone() -> None:
    """The others are sent."""
    count = limits.REQUEST_BYTES.value // LONGEST + 1
    large = record(properties={str(n): "x" * LONGEST for n in range(count)})
    assert settle(planner(), record(), large, record(value=2)) == [
        "sent",
        "event_too_large",
        "sent",
    ]


@given(st.integers(0, 5), st.lists(st.integers(0, 20), max_size=60))
def test_repeats_are_found_within_the_window(window: int, numbers: list[int]) -> None:
    """A repeat is found if its key is among the last `window` new ones, none of twice as many."""
    settled = settle(planner(window=window), *(record(unique_id=str(n)) for n in numbers))
    seen: list[int] = []
    for number, status in zip(numbers, settled, strict=True):
        newest = seen[::-1]
        if number in newest[:window]:
            assert status == "duplicate"
        elif number not in newest[: 2 * window]:
            assert status == "sent"
        if status == "sent":
            seen.append(number)


def test_a_repeat_beyond_the_window_goes_into_another_request() -> None:
    """A request never holds one key twice, whatever the window."""
    plan = planner(window=0)
    chunks = [plan.take(record(unique_id=key)) for key in "aba"]
    assert [isinstance(chunk, Chunk) for chunk in chunks] == [False, False, True]


@pytest.mark.parametrize("stamp_now", [False, True])
def test_who_gets_the_time_of_now(stamp_now: bool) -> None:
    """An Event is made when it happens; a record without a time is stamped only when asked."""
    event = Event(metric="Opened App", profile=Profile(external_id="7"))
    plan = planner(stamp_now=stamp_now)
    settled = settle(plan, event, record(time=...))
    assert settled == ["sent", "sent" if stamp_now else "missing_time"]


def test_outcomes_say_where_a_record_was() -> None:
    """Position and origin of a record, whether it could be read, be encoded, or neither."""
    unread = Sourced({"line": "{"}, "a.jsonl:1", Problem("", "not_json", "the line is no JSON"))
    sources = [unread, Sourced(record(metric=""), "a.jsonl:2"), Sourced(record(), "a.jsonl:3")]
    plan = planner()
    outcomes = [plan.take(item) for item in sources]
    chunk = plan.finish()
    assert isinstance(chunk, Chunk)
    (event,) = chunk.events
    places = [(o.position, o.origin) for o in outcomes if isinstance(o, Outcome)]
    assert [*places, (event.position, event.origin)] == [
        (0, "a.jsonl:1"),
        (1, "a.jsonl:2"),
        (2, "a.jsonl:3"),
    ]


def test_records_are_let_go_where_nobody_asks_for_them() -> None:
    """What send() keeps of an event is its bytes."""
    plan = Planner(Encoder(Intake(), True), Intake(), keep_records=False)
    assert plan.take(record()) is None
    chunk = plan.finish()
    assert isinstance(chunk, Chunk)
    assert [event.record for event in chunk.events] == [None]


@pytest.mark.parametrize(
    ("columns", "properties"),
    [
        ({"sku": "a", "qty": 2}, {"sku": "a", "qty": 2}),
        ({"sku": None}, {}),
        ({"sku": "a", "properties": {"qty": 1}}, {"sku": "a", "qty": 1}),
        ({"sku": "a", "properties.qty": 3}, {"sku": "a", "qty": 3}),
    ],
)
def test_the_rest_becomes_properties(
    columns: Mapping[str, Any], properties: Mapping[str, Any]
) -> None:
    """Unknown fields go into the properties if that is asked for."""
    plan = planner(rest_as_properties=True)
    assert plan.take(record(**columns)) is None
    chunk = plan.finish()
    assert isinstance(chunk, Chunk)
    (event,) = chunk.events
    assert isinstance(event.record, Mapping)
    assert event.record.get("properties", {}) == properties


def test_a_full_request_is_ready_with_the_record_that_no_longer_fits() -> None:
    """Nothing is read further ahead than needed."""
    plan = planner()
    most = limits.EVENTS_PER_REQUEST.value
    ready = [plan.take(record(unique_id=str(n))) for n in range(most + 1)]
    assert [bool(chunk) for chunk in ready] == [False] * most + [True]
