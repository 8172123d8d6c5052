"""What a test may expect, and what it reads where it was something else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from threading import Timer
from typing import Any
from unittest.mock import ANY
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import NULL, ConfigurationError, Event, Location, Profile, RecordError
from klaviyo_bulk_events.emulator import Emulator
from klaviyo_bulk_events.testing import KlaviyoEmulator, Settings
from klaviyo_bulk_events.testing.pairing import Pairing
from klaviyo_bulk_events.testing.wanted import Wanted


class Size(Enum):
    SMALL = "S"


WHOLE = Event(
    metric="Placed Order",
    metric_service="shop",
    profile=Profile(
        email="ada@shop.org",
        external_id=7,
        kx="a-kx",
        first_name="Ada",
        last_name=NULL,
        location=Location(city="London", latitude=51.5),
        properties={"loyal": True},
        append={"seen": "a"},
        unset=["old"],
    ),
    properties={
        "sku": UUID(int=7),
        "sizes": (Size.SMALL, None),
        "price": Decimal("9.99"),
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "nested": {"deep": [1, 2.5, {"x": "y"}]},
    },
    time=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=2))),
    value=Decimal("9.99"),
    value_currency="GBP",
    unique_id=1042,
    backfill=True,
)
FIELDS: dict[str, Any] = {
    "metric": "Placed Order",
    "profile": {"email": "ada@shop.org", "first_name": "Ada"},
    "properties": {"sku": "A", "items": [{"n": 1}, {"n": 2}], "gift": True},
    "time": "2026-01-02T03:04:05Z",
    "value": 9.99,
    "unique_id": "order-1",
}


def send(kit: KlaviyoEmulator, *events: Any, **settings: Any) -> None:
    with kit.client(**settings) as client:
        client.send(events, backfill=True)


def failure(kit: KlaviyoEmulator, *expected: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as raised:
        kit.assert_received(*expected, **options)
    return str(raised.value)


def order(number: int, **fields: Any) -> dict[str, Any]:
    return {**FIELDS, "unique_id": f"order-{number}", **fields}


def test_an_event_is_received_as_it_was_sent(kit: KlaviyoEmulator) -> None:
    """Whatever its values are to Python: what they are sent as is compared."""
    send(kit, WHOLE)
    kit.assert_received(WHOLE)
    (event,) = kit.events
    assert (event.metric, event.unique_id, event.value) == ("Placed Order", "1042", 9.99)
    assert event.updates["first_name"] == "Ada"


def test_what_the_client_fills_in_need_not_be_said(kit: KlaviyoEmulator) -> None:
    bare = Event(metric="Active", profile=Profile(email="ada@shop.org"))
    send(kit, bare)
    kit.assert_received(bare)


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"metric": "Placed Order"},
        {"profile.email": "ada@shop.org"},
        {"profile": {"email": "ada@shop.org"}},
        {"profile": Profile(email="ada@shop.org", first_name="Ada")},
        {"properties.sku": "A", "properties": {"gift": True}},
        {"properties": {"items": [{"n": 1}, {}]}},
        {"properties": {"items": ANY}, "value": pytest.approx(10, abs=0.1)},
        {"time": datetime(2026, 1, 2, 3, 4, 5, 999, tzinfo=UTC)},
        {"time": "2026-01-02T05:04:05+02:00"},
        {"value": Decimal("9.99"), "value_currency": None},
        {"backfill": True, "unique_id": "order-1"},
    ],
)
def test_a_mapping_is_compared_by_what_it_names(
    kit: KlaviyoEmulator, expected: dict[str, Any]
) -> None:
    send(kit, FIELDS)
    kit.assert_received(expected)


@pytest.mark.parametrize(
    ("expected", "field", "received"),
    [
        ({"metric": "Refunded"}, "metric", "'Placed Order'"),
        ({"profile.first_name": "Bob"}, "profile.first_name", "'Ada'"),
        ({"profile.last_name": "Lovelace"}, "profile.last_name", "nothing"),
        ({"properties": {"gift": 1}}, "properties.gift", "True"),
        ({"properties": {"items": [{"n": 1}, {"n": "2"}]}}, "properties.items.1.n", "2"),
        ({"value_currency": ANY}, "value_currency", "nothing"),
        ({"properties": {"OrderId": ANY}}, "properties.OrderId", "nothing"),
        ({"profile.location": {"city": ANY}}, "profile.location", "nothing"),
        ({"properties": {"sku": None}}, "properties.sku", "'A'"),
        ({"properties": {"sku": ["A"]}}, "properties.sku", "'A'"),
        ({"value": 10}, "value", "9.99"),
        ({"value": NULL}, "value", "9.99"),
        ({"time": "2026-01-02T03:04:06Z"}, "time", "datetime.datetime(2026, 1, 2"),
        ({"backfill": False}, "backfill", "True"),
        ({"unique_id": "order-2"}, "unique_id", "'order-1'"),
    ],
)
def test_every_field_that_differs_is_told(
    kit: KlaviyoEmulator, expected: dict[str, Any], field: str, received: str
) -> None:
    send(kit, FIELDS)
    told = failure(kit, expected).splitlines()
    assert told[1] == "differs: Placed Order of ada@shop.org (order-1)"
    assert told[2].startswith(f"    {field}: expected ")
    assert f", received {received}" in told[2]
    assert len(told) == 3


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([], ["expected 0 items, received 2 items", ".0: expected nothing, received {'n': 1}"]),
        (
            [{"n": 1}],
            ["expected 1 item, received 2 items", ".1: expected nothing, received {'n': 2}"],
        ),
        (
            [{"n": 1}, {"n": 3}, {}],
            ["expected 3 items, received 2 items", ".1.n: expected 3, received 2"],
        ),
        (
            [{"n": 1}, {"n": 2}, None],
            ["expected 3 items, received 2 items", ".2: expected None, received nothing"],
        ),
    ],
)
def test_of_lists_of_unequal_length_the_first_difference_is_told(
    kit: KlaviyoEmulator, items: list[Any], told: list[str]
) -> None:
    """And how long each is, however long that may be."""
    send(kit, FIELDS)
    lines = failure(kit, {"properties": {"items": items}}).splitlines()
    assert lines[2:] == [
        f"    properties.items: {told[0]}",
        f"    properties.items{told[1]}",
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"properties": {**FIELDS["properties"], "more": 1}}, "properties.more"),
        ({"profile": {**FIELDS["profile"], "title": "Ms"}}, "profile.title"),
        ({"value_currency": "GBP"}, "value_currency"),
    ],
)
def test_an_event_is_compared_as_a_whole(
    kit: KlaviyoEmulator, changes: dict[str, Any], field: str
) -> None:
    """What was received besides what it holds differs, too."""
    send(kit, {**FIELDS, **changes})
    kit.assert_received(FIELDS)
    whole = Event(**{**FIELDS, "profile": Profile(**FIELDS["profile"])})
    assert f"    {field}: expected nothing, received " in failure(kit, whole)


def test_an_event_that_says_no_properties_has_none(kit: KlaviyoEmulator) -> None:
    send(kit, {**FIELDS, "properties": {"a": 1}})
    whole = Event(**{**FIELDS, "profile": Profile(**FIELDS["profile"]), "properties": {}})
    bare = Event(
        **{name: value for name, value in FIELDS.items() if name not in ("profile", "properties")},
        profile=Profile(**FIELDS["profile"]),
    )
    assert "    properties.a: expected nothing, received 1" in failure(kit, whole)
    assert "    properties: expected nothing, received {'a': 1}" in failure(kit, bare)


def test_a_number_is_known_by_what_it_is_sent_as(kit: KlaviyoEmulator) -> None:
    """One that merely differs is neither missing nor unexpected."""
    send(kit, order(1, unique_id=1042), order(2))
    told = failure(kit, order(1, unique_id=1042, value=5), order(2), order(3))
    assert told.splitlines()[1:] == [
        "differs: Placed Order of ada@shop.org (1042)",
        "    value: expected 5, received 9.99",
        "missing: Placed Order of ada@shop.org (order-3)",
    ]


@pytest.fixture
def forgetful() -> KlaviyoEmulator:
    """An emulator that keeps three events, and has accepted five."""
    kit = KlaviyoEmulator(Emulator(Settings(rates=(), keep=3)))
    send(kit, *map(order, range(5)))
    return kit


def test_what_is_no_longer_kept_was_received_all_the_same(forgetful: KlaviyoEmulator) -> None:
    """It is no event that was expected, and none that is missing for certain."""
    told = failure(forgetful, *map(order, range(2, 5))).splitlines()
    assert told == [
        "expected 3 events, received 5 events",
        "2 older events are no longer kept: Settings with a larger keep or keep_bytes keep more",
    ]
    told = failure(forgetful, *map(order, range(5))).splitlines()
    assert told[0] == "expected 5 events, received 5 events"
    assert told[2] == "missing, or no longer kept: Placed Order of ada@shop.org (order-0)"
    assert len(told) == 4
    assert "2 older events are no longer kept" in failure(forgetful)
    forgetful.assert_received(*map(order, range(2, 5)), others=True)
    forgetful.reset()
    forgetful.assert_received()


def test_as_many_as_are_kept_are_all(forgetful: KlaviyoEmulator) -> None:
    forgetful.reset()
    send(forgetful, *map(order, range(3)))
    forgetful.assert_received(*map(order, range(3)))


def test_what_is_missing_and_what_is_unexpected_is_named(kit: KlaviyoEmulator) -> None:
    send(kit, order(1), order(2), order(3, metric="Viewed Product"))
    told = failure(kit, order(1), order(2, value=5), order(4), order(5))
    assert told.splitlines() == [
        "expected 4 events, received 3 events",
        "differs: Placed Order of ada@shop.org (order-2)",
        "    value: expected 5, received 9.99",
        "missing: Placed Order of ada@shop.org (order-4)",
        "missing: Placed Order of ada@shop.org (order-5)",
        "unexpected: Viewed Product of ada@shop.org (order-3)",
    ]


def test_others_may_have_come_if_it_is_said(kit: KlaviyoEmulator) -> None:
    send(kit, order(1), order(2))
    kit.assert_received(order(1), others=True)
    assert "unexpected: Placed Order of ada@shop.org (order-2)" in failure(kit, order(1))
    told = failure(kit, order(3), others=True)
    assert "missing: Placed Order of ada@shop.org (order-3)" in told
    assert "unexpected" not in told


def test_nothing_is_expected_by_saying_nothing(kit: KlaviyoEmulator) -> None:
    kit.assert_received()
    send(kit, order(1))
    assert "unexpected" in failure(kit)
    kit.reset()
    kit.assert_received()


def test_of_very_many_only_the_first_are_told(kit: KlaviyoEmulator) -> None:
    told = failure(kit, *map(order, range(1_500))).splitlines()
    assert len(told) == 12
    assert told[-1] == "... 1490 more are missing"


def test_requests_that_went_wrong_are_told(kit: KlaviyoEmulator) -> None:
    """They are why something is missing."""
    kit.inject("html_403")
    kit.refuse(lambda event: event.unique_id == "order-1")
    send(kit, order(1), order(2, profile={"email": "ada@example.com"}))
    told = failure(kit, order(1), order(2))
    assert "request 1: answered 403, met the fault html_403" in told
    assert "request 2: answered 400, invalid at /data/attributes/" in told
    assert "1 dropped: addresses at example.com or test.com" in told


def test_repeats_that_were_dropped_are_told() -> None:
    kit = KlaviyoEmulator(Emulator(Settings(rates=(), repeats="drop")))
    send(kit, order(1))
    send(kit, order(1))
    assert "request 2: answered 202, 1 dropped as repeats" in failure(kit, order(1), order(1))


def test_a_queue_is_waited_for(kit: KlaviyoEmulator) -> None:
    timer = Timer(0.1, send, [kit, order(1)])
    timer.start()
    kit.assert_received(order(1), within=30)
    timer.join()


@pytest.mark.parametrize(
    ("expected", "error", "said"),
    [
        ({"metrik": "Placed Order"}, RecordError, "metric"),
        ({"profile": {"mail": "ada@shop.org"}}, RecordError, "email"),
        ([order(1)], ConfigurationError, r"not list; of a list, each: \*events"),
        ({"time": "2026-01-02T03:04:05"}, RecordError, "offset"),
    ],
)
def test_an_expectation_that_makes_no_sense_is_no_difference(
    kit: KlaviyoEmulator, expected: Any, error: type[Exception], said: str
) -> None:
    """It would never be met, or always."""
    send(kit, order(1))
    with pytest.raises(error, match=said):
        kit.assert_received(expected)


Make = Callable[[int], dict[str, Any]]


def test_the_one_that_fits_many_leaves_the_others_theirs(kit: KlaviyoEmulator) -> None:
    """Whatever the order: one to one, they all find an event."""
    send(kit, order(1), order(2))
    kit.assert_received({"metric": "Placed Order"}, {"properties.sku": "A", "unique_id": "order-1"})
    kit.assert_received({"unique_id": "order-2"}, {})


def test_thousands_that_fit_each_other_are_paired() -> None:
    """The paths by which they are exchanged are long, and no recursion."""
    records = [{"unique_id": str(number), "n": number} for number in range(300)]
    any_of_them = [Wanted({}) for _ in records]
    assert not Pairing(any_of_them, records).missing
    assert len(Pairing([*any_of_them, Wanted({})], records).missing) == 1


@given(st.lists(st.sets(st.integers(0, 5)), max_size=6))
def test_as_many_are_paired_as_can_be(choices: list[set[int]]) -> None:
    """Held against a search through everything."""

    class OneOf:
        def __init__(self, numbers: set[int]) -> None:
            self.numbers = numbers

        def __eq__(self, other: object) -> bool:
            return other in self.numbers

        __hash__ = None  # type: ignore[assignment]

    def most(left: list[set[int]], taken: frozenset[int]) -> int:
        if not left:
            return 0
        first, *rest = left
        pairs = (1 + most(rest, taken | {one}) for one in first - taken)
        return max([most(rest, taken), *pairs])

    received = [{"metric": number} for number in range(6)]
    paired = Pairing([Wanted({"metric": OneOf(numbers)}) for numbers in choices], received)
    assert len(choices) - len(paired.missing) == most(choices, frozenset())
    assert len(paired.unexpected) == 6 - most(choices, frozenset())
