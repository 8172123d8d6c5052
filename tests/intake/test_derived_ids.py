"""The unique_id of an event that has none: stable, and different for different events."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from klaviyo_bulk_events import NULL, Profile

from .encoding import NOW, encode
from .strategies import json_values, properties

EVENT: Mapping[str, Any] = {
    "metric": "Ordered Product",
    "profile": {"email": "sarah.mason@klaviyo-demo.com", "first_name": "Sarah"},
    "properties": {"Größe": "grün", "count": 3, "nested": {"b": [1, None, True], "a": "x\n"}},
    "time": "2026-05-05T12:00:00+00:00",
    "value": 9.99,
    "value_currency": "USD",
    "unique_id": None,
}


def derived(**fields: Any) -> str:
    unique_id = encode(**{**EVENT, **fields}).unique_id
    assert unique_id is not None
    return unique_id


GOLDEN: dict[str, tuple[dict[str, Any], str]] = {
    "whole": ({}, "d1-014efb6198501cc17e9f3b58a673b4fa"),
    "bare": (
        {"properties": None, "value": None, "value_currency": None},
        "d1-3bbe06d608058101df5495913d234a8a",
    ),
    "identifiers": (
        {"profile": {"id": "01H", "external_id": 5, "phone_number": "+15005550006", "_kx": "k"}},
        "d1-0eb266bab8281113fe19449e8974406b",
    ),
    "service": ({"metric_service": "shop"}, "d1-3ed3228d32d40d5cc33a5ecdc5fb704c"),
    "numbers": (
        {
            "value": 1e16,
            "properties": {
                "large": [1e16, -2.5e300, 1e21, 2**63 - 1, 123456789012345680.0],
                "small": [1e-7, 0.1, 5e-324, -0.0],
                "e+ in a text": 'e+ "e+" \\e+',
            },
        },
        "d1-34c89ef7f06bf44080817bd964d3c0fc",
    ),
    "texts": (
        {"properties": {"control": "\x00\x1f\x7f", "beyond": "\u2028\U0001f600é/"}},
        "d1-0296fa00be61bdd9b7bd16456108ffa7",
    ),
    "order": (
        {"properties": {"\U0001f600": 1, "\uffff": 2, "é": 3, "b": 4, "B": 5, "": 6}},
        "d1-ace77b47736bafffb596c789af830575",
    ),
    "walked": (
        {"properties": {"d": Decimal("1.50"), "n": None, "t": NOW}},
        "d1-903cb859e85e9c179cf6ca4448aaee2a",
    ),
    "fraction": ({"time": "2026-05-05T12:00:00.000001Z"}, "d1-2e617764e6359a06bc53112764e0f738"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_ids_never_change(name: str) -> None:
    """An event has the same id in every process and version: a re-send must find the first."""
    fields, expected = GOLDEN[name]

    assert derived(**fields) == expected


def test_ids_are_the_same_in_another_process() -> None:
    """No hash seed has a part in the id."""
    program = (
        "import json, sys; from klaviyo_bulk_events import Intake; "
        "from klaviyo_bulk_events.encoder import Encoder; "
        "print(Encoder(Intake(), True).encode(json.load(sys.stdin)).unique_id)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(EVENT),
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "5", "PYTHONPATH": ":".join(sys.path)},
    )

    assert ran.stdout.strip() == derived()


def shuffled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shuffled(value[name]) for name in reversed(value)}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


@given(properties)
def test_the_order_of_keys_does_not_count(given: dict[str, Any]) -> None:
    """Properties in another order are the same event, also deep inside."""
    assert derived(properties=shuffled(given)) == derived(properties=given)


@given(st.datetimes(datetime(2001, 1, 2), datetime(2026, 1, 1)))
def test_a_time_in_utc_is_written_as_any_other(naive: datetime) -> None:
    """The same instant has the same id, however finely it is given."""
    moment = naive.replace(tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=1)))

    assert derived(time=moment) == derived(time=elsewhere)


@given(st.integers(-14 * 60, 14 * 60))
def test_the_zone_does_not_count(minutes: int) -> None:
    """The same moment in another zone is the same event, as text or as datetime."""
    there = NOW.astimezone(timezone(timedelta(minutes=minutes)))

    assert derived(time=there) == derived(time=there.isoformat()) == derived(time=NOW)


def test_what_is_no_identifier_does_not_count() -> None:
    """A customer who marries is the same customer."""
    profile = Profile(email="sarah.mason@klaviyo-demo.com", last_name="Miller", properties={"p": 1})

    assert derived(profile=profile) == derived()
    assert derived(intake={"profile_updates": False}) == derived()


def test_the_flag_does_not_count() -> None:
    """Whether it fires flows is no part of an event."""
    assert derived(backfill_of_run=False) == derived()


@pytest.mark.parametrize(
    "changed",
    [
        {"metric": "Ordered product"},
        {"metric_service": "shop"},
        {"profile": {"email": "sarah.mason@klaviyo-demo.org"}},
        {"profile": {"external_id": "sarah.mason@klaviyo-demo.com"}},
        {"profile": {"email": "sarah.mason@klaviyo-demo.com", "id": "01H"}},
        {"time": "2026-05-05T12:00:01+00:00"},
        {"time": "2026-05-05T12:00:00.5+00:00"},
        {"value": 9.98},
        {"value": None},
        {"value_currency": "EUR"},
        {"value_currency": None},
        {"properties": None},
    ],
)
def test_everything_else_counts(changed: dict[str, Any]) -> None:
    """An event that differs in anything that makes it one has another id."""
    assert derived(**changed) != derived()


@given(json_values, json_values)
def test_every_value_counts(one: Any, other: Any) -> None:
    """Properties of different JSON are different events."""
    assume(json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True))

    assert derived(properties={"p": one}) != derived(properties={"p": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"p": "1e+16"}, {"p": "1e16"}),
        ({"p": 1e16, "q": "e+"}, {"p": 1e16, "q": "e"}),
        ({"p": 1e16, 'q"e+': 1}, {"p": 1e16, 'q"e': 1}),
        ({"p": "ab"}, {"pa": "b"}),
    ],
)
def test_texts_that_look_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    """What makes ids the same in every version does not make two events one."""
    assert derived(properties=one) != derived(properties=other)


def test_null_is_as_good_as_nothing() -> None:
    """A value that is null and one that is not given are no two purchases."""
    assert derived(value=NULL) == derived(value=None)


def test_an_id_given_is_the_id() -> None:
    """A business key goes out as it is."""
    assert encode(unique_id="order-5").unique_id == "order-5"


def test_no_id_where_none_is_asked_for() -> None:
    """Without derived ids, none is sent, and the second is what events are told apart by."""
    event = encode(**{**EVENT, "intake": {"derive_unique_id": False}})
    same_second = encode(
        **{**EVENT, "intake": {"derive_unique_id": False}, "time": "2026-05-05T12:00:00.9Z"}
    )

    assert event.unique_id is None
    assert b"unique_id" not in event.data
    assert event.key == same_second.key
    assert datetime.fromisoformat(event.time).timestamp() == int(event.key.partition("\n")[0])
