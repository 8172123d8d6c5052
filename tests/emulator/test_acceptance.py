"""What is accepted, and what is then known of it."""

from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from attrs import evolve

from klaviyo_bulk_events.emulator.messages import Delivery
from klaviyo_bulk_events.limits import (
    EARLIEST_YEAR,
    EVENT_PROPERTIES,
    EVENTS_PER_REQUEST,
    METRIC_NAME_LENGTH,
    STRING_BYTES,
    YEARS_AHEAD,
)
from klaviyo_bulk_events.rates import Rate

STRING = STRING_BYTES.value
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EARLIEST = datetime(EARLIEST_YEAR.value, 1, 1, tzinfo=UTC)
LATEST = NOON + timedelta(days=365 * YEARS_AHEAD.value)


def only(emulator, make, *, profile=None, event="u1", **attributes):
    """Send one event, and return it as it was accepted."""
    sent = make.event(event, **attributes)
    plan = emulator.receive(make.request(make.document(make.entry(sent, profile=profile))))
    assert (plan.status, plan.reply.body) == (202, b"")
    (accepted,) = emulator.events()
    return accepted


def test_an_accepted_event(emulator, make):
    """Everything of an event is kept as sent, with the identifiers of its profile."""
    profile = {"email": "ada@shop.org", "anonymous_id": "x", "first_name": "Ada", "external_id": ""}
    document = make.document(
        make.entry(
            make.event("u", value=9.5, value_currency="GBP", backfill=True),
            profile=profile,
            backfill=True,
        )
    )
    assert emulator.receive(make.request(document)).status == 202
    (event,) = emulator.events()
    assert event._asdict() == {
        "request": 1,
        "profile": {"email": "ada@shop.org", "anonymous_id": "x"},
        "metric": "Ordered Product",
        "unique_id": "u",
        "time": datetime(2025, 6, 1, 10, tzinfo=UTC),
        "value": 9.5,
        "value_currency": "GBP",
        "properties": {"sku": "A"},
        "backfill": True,
        "updates": {"first_name": "Ada"},
        "metric_service": None,
    }


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2025-06-01T10:00:00+02:00", datetime(2025, 6, 1, 8, tzinfo=UTC)),
        ("2025-06-01T10:00:00.999999999-05:30", datetime(2025, 6, 1, 15, 30, tzinfo=UTC)),
        (EARLIEST.isoformat(), EARLIEST),
        (LATEST.isoformat(), LATEST),
        (None, NOON),
    ],
)
def test_time(emulator, make, clock, text, time):
    """A time is kept in UTC to the second; without one it is the request's."""
    clock.now += 0.5
    assert only(emulator, make, time=text).time == time


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"zero": 0, "null": None, "empty": "", "false": False},
        {f"p{i}": 1 for i in range(EVENT_PROPERTIES.value)},
        {"text": "é" * (STRING // 2), "more": "x" * STRING},
        {"x" * STRING: 1},
        {"list": [0] * 4_000},
        {"largest": 2**63 - 1, "smallest": -(2**63)},
        {"float": 1e19, "larger": 1.7e308, "smaller": -9.3e18},
        reduce(lambda inner, _: {"deeper": inner}, range(10), 1),
        {"list": [[[[[[[[[1]]]]]]]]]},
    ],
)
def test_properties_up_to_their_limits(emulator, make, properties):
    """Properties that just keep to the limits are accepted; values that count as unset too."""
    assert only(emulator, make, properties=properties).properties == properties


@pytest.mark.parametrize(
    "profile",
    [
        {"email": "a" * 94 + "@b.org"},
        {"external_id": "x" * 255},
        {"phone_number": "+15005550006"},
        {"phone_number": "123", "email": "ada@shop.org"},
        {"external_id": "7", "email": None, "location": None, "properties": None},
        {"external_id": "7", "location": {"city": None, "latitude": 51.5, "longitude": "0.1"}},
        {"external_id": "7", "properties": {"a": ["x" * 1_000] * 94}},
    ],
)
def test_profiles_that_are_good(emulator, make, profile):
    """One identifier is enough, null is allowed where the spec says so, limits are inclusive."""
    assert only(emulator, make, profile=profile)


def test_null_is_allowed_beside_a_reference(emulator, make):
    """`nullable` counts beside `$ref`, at every level."""
    for meta in (None, {"patch_properties": None, "patch_identifiers": None}):
        document = make.document(make.entry(make.event(None)))
        entry = document["data"]["attributes"]["events-bulk-create"]["data"][0]
        entry["attributes"]["profile"]["data"]["meta"] = meta
        assert emulator.receive(make.request(document)).status == 202
        emulator.reset()


def test_a_full_request(emulator, make):
    """The limit of events is inclusive."""
    document = make.events(*map(str, range(EVENTS_PER_REQUEST.value)))
    assert emulator.receive(make.request(document)).status == 202
    assert emulator.summary()["accepted"] == EVENTS_PER_REQUEST.value


def test_a_long_metric_name(emulator, make):
    """The limit of a metric's name is inclusive."""
    name = "m" * METRIC_NAME_LENGTH.value
    metric = {"data": {"type": "metric", "attributes": {"name": name}}}
    assert only(emulator, make, metric=metric).metric == name


@pytest.mark.parametrize("email", ["ada@example.com", "Ada@TEST.com"])
def test_test_addresses_are_dropped(emulator, make, email):
    """Events of test addresses are answered 202, dropped and counted."""
    entries = [
        make.entry(make.event("a"), make.event("b"), profile={"email": email}),
        make.entry(make.event("c")),
    ]
    assert emulator.receive(make.request(make.document(*entries))).status == 202
    assert [event.unique_id for event in emulator.events()] == ["c"]
    assert emulator.summary()["test_addresses"] == 2
    assert emulator.requests()[0].test_addresses == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["a", "b", "c", "d"]),
        ({"profile": "ada@shop.org"}, ["a", "b"]),
        ({"profile": "7"}, ["c", "d"]),
        ({"unique_id": "b"}, ["b"]),
        ({"metric": "Ordered Product", "profile": "7"}, ["c", "d"]),
        ({"metric": "Viewed Product"}, []),
        ({"limit": 2}, ["a", "b"]),
        ({"limit": 2, "offset": 1}, ["b", "c"]),
        ({"offset": 3}, ["d"]),
        ({"limit": 0}, []),
    ],
)
def test_query(emulator, make, query, found):
    """Accepted events are found by any identifier, metric and id, in the order they came."""
    other = {"external_id": "7", "phone_number": "+15005550006"}
    emulator.receive(make.request(make.events("a", "b")))
    emulator.receive(
        make.request(make.document(make.entry(make.event("c"), make.event("d"), profile=other)))
    )
    assert [event.unique_id for event in emulator.events(**query)] == found


def test_memory_is_bounded_but_counts_and_keys_are_whole(emulate, make):
    """Only the latest events and requests are kept, yet an old repeat is still known."""
    emulator = emulate(keep=3, repeats="drop")
    for ids in ("ab", "cd", "ef", "gh", "a"):
        emulator.receive(make.request(make.events(*ids)))
    assert [event.unique_id for event in emulator.events()] == ["f", "g", "h"]
    assert [record.number for record in emulator.requests()] == [3, 4, 5]
    summary = emulator.summary()
    assert (summary["requests"], summary["accepted"], summary["repeats"]) == (5, 8, 1)
    assert summary["metrics"] == {"Ordered Product": 8}


def test_reset_forgets(emulate, make):
    """After a reset the emulator is as new: counts, keys and rate windows."""
    emulator = emulate(rates=[Rate(1, 60)])
    emulator.receive(make.request())
    assert emulator.receive(make.request()).status == 429
    emulator.reset()
    assert (emulator.events(), emulator.requests(), emulator.busiest(60)) == ([], [], 0)
    assert emulator.receive(make.request()).status == 202


@pytest.mark.parametrize("path", [None, "/api/events"])
def test_what_came_before_a_reset_leaves_no_trace(emulator, make, clock, path):
    """A request that was under way is broken off, wherever it goes."""
    clock.now += 5
    emulator.reset()
    request = evolve(make.request(), path=path or make.path)
    plan = emulator.receive(request, clock.now - 1)
    assert (plan.delivery, plan.status) == (Delivery.RESET, None)
    assert (emulator.requests(), emulator.events(), emulator.busiest(60)) == ([], [], 0)
    assert emulator.receive(make.request(), clock.now).status == 202


def test_a_clock_that_is_set_back_breaks_nothing_off(emulator, make, clock):
    """What comes then is older than the start only by name."""
    clock.now -= 3_600
    assert emulator.receive(make.request(), clock.now).status == 202


@pytest.mark.parametrize("seed", [7, None])
def test_after_a_reset_chance_is_as_at_the_start(emulate, make, clock, seed):
    """The same faults are drawn, and the windows begin at the same moments."""
    emulator = emulate(seed=seed, rates=[Rate(30, 60)], faults={"html_503": 0.5})
    runs = []
    for _ in range(2):
        plans = [emulator.receive(make.request(make.events(f"u{n}"))) for n in range(31)]
        runs.append([(plan.status, plan.reply.headers) for plan in plans])
        emulator.reset()
    assert runs[0] == runs[1]
    assert {status for status, _ in runs[0]} == {202, 503, 429}


def test_a_record_of_a_request(emulator, make, clock):
    """Of a request it is known when it came, how large it was, and what became of it."""
    clock.now += 1
    request = make.request(make.events("a", "a"))
    emulator.receive(request, clock.now - 1)
    (record,) = emulator.requests()
    assert (record.number, record.arrived, record.bytes) == (1, clock.now - 1, len(request.body))
    assert (record.status, record.processed, record.accepted) == (400, 400, 0)
    assert [code for code, _ in record.flaws] == ["duplicate_in_request"]
