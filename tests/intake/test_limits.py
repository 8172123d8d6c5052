"""Every limit holds exactly: what is at it goes out, what is beyond is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from klaviyo_bulk_events.chunker import Chunker
from klaviyo_bulk_events.limits import (
    ARRAY_ITEMS,
    EARLIEST_YEAR,
    EMAIL_LENGTH,
    EVENT_PROPERTIES,
    EXTERNAL_ID_LENGTH,
    LARGEST_INTEGER,
    METRIC_NAME_LENGTH,
    NESTING_LEVELS,
    PROFILE_BYTES,
    REQUEST_BYTES,
    SMALLEST_INTEGER,
    STRING_BYTES,
    UNIQUE_ID_LENGTH,
    YEARS_AHEAD,
)

from .encoding import NOW, body, encode, problems

Fields = dict[str, Any]


def in_properties(value: Any) -> Fields:
    return {"properties": {"p": value}}


def nested_objects(levels: int) -> Fields:
    properties: Fields = {}
    for _ in range(levels - 1):
        properties = {"p": properties}
    return {"properties": properties}


def nested_arrays(levels: int) -> Fields:
    value: Any = 1
    for _ in range(levels - 1):
        value = [value]
    return in_properties(value)


def email(length: int) -> Fields:
    domain = "@klaviyo-demo.com"
    return {"profile": {"email": "a" * (length - len(domain)) + domain}}


def external_id(length: int) -> Fields:
    return {"profile": {"external_id": "x" * length}}


def profile_of_bytes(size: int) -> Fields:
    """A profile whose JSON, as it is sent, has this many bytes."""
    bare = '{"type":"profile","attributes":{"email":"a@b.co","properties":{"p":"","q":""}}}'
    room = size - len(bare)
    properties = {"p": "x" * (room // 2), "q": "x" * (room - room // 2)}
    return {"profile": {"email": "a@b.co", "properties": properties}}


def deep(levels: int) -> str:
    return "/properties" + "/p" * levels


LIMITS: list[tuple[Callable[[Any], Fields], int, str, str]] = [
    (lambda n: {"metric": "m" * n}, METRIC_NAME_LENGTH.value, "/metric", "metric_too_long"),
    (lambda n: {"metric": "é" * n}, METRIC_NAME_LENGTH.value, "/metric", "metric_too_long"),
    (
        lambda n: {"properties": {f"p{i}": 1 for i in range(n)}},
        EVENT_PROPERTIES.value,
        "/properties",
        "too_many_properties",
    ),
    (lambda n: in_properties("x" * n), STRING_BYTES.value, "/properties/p", "string_too_long"),
    (
        lambda n: in_properties("é" * (n // 2) + "x" * (n % 2)),
        STRING_BYTES.value,
        "/properties/p",
        "string_too_long",
    ),
    (
        lambda n: in_properties({"q": ["x" * n]}),
        STRING_BYTES.value,
        "/properties/p/q/0",
        "string_too_long",
    ),
    (lambda n: in_properties([1] * n), ARRAY_ITEMS.value, "/properties/p", "too_many_items"),
    (lambda n: in_properties(["ab"] * n), ARRAY_ITEMS.value, "/properties/p", "too_many_items"),
    (nested_objects, NESTING_LEVELS.value, deep(NESTING_LEVELS.value), "too_deep"),
    (
        nested_arrays,
        NESTING_LEVELS.value,
        "/properties/p" + "/0" * (NESTING_LEVELS.value - 1),
        "too_deep",
    ),
    (in_properties, LARGEST_INTEGER.value, "/properties/p", "integer_out_of_range"),
    (
        lambda n: in_properties(-n),
        -SMALLEST_INTEGER.value,
        "/properties/p",
        "integer_out_of_range",
    ),
    (lambda n: {"value": n}, LARGEST_INTEGER.value, "/value", "integer_out_of_range"),
    (lambda n: {"unique_id": "u" * n}, UNIQUE_ID_LENGTH.value, "/unique_id", "unique_id_too_long"),
    (lambda n: {"unique_id": "é" * n}, UNIQUE_ID_LENGTH.value, "/unique_id", "unique_id_too_long"),
    (email, EMAIL_LENGTH.value, "/profile/email", "email_too_long"),
    (external_id, EXTERNAL_ID_LENGTH.value, "/profile/external_id", "external_id_too_long"),
    (profile_of_bytes, PROFILE_BYTES.value, "/profile", "profile_too_large"),
    (
        lambda n: {"value_currency": "x" * n},
        STRING_BYTES.value,
        "/value_currency",
        "string_too_long",
    ),
]


@pytest.mark.parametrize(("fields", "limit", "pointer", "code"), LIMITS)
def test_what_is_just_beyond_a_limit_is_refused(
    fields: Callable[[Any], Fields], limit: int, pointer: str, code: str
) -> None:
    """One more than the limit is refused, with a pointer and a code."""
    assert problems(**fields(limit + 1)) == {(pointer, code)}


@pytest.mark.parametrize(("fields", "limit", "pointer", "code"), LIMITS)
@pytest.mark.parametrize("below", [0, 1])
def test_what_is_at_or_below_a_limit_goes_out(
    fields: Callable[[Any], Fields], limit: int, pointer: str, code: str, below: int
) -> None:
    """The limit itself, and one less, can be sent."""
    assert body(encode(**fields(limit - below)))


FIRST_MOMENT = datetime(EARLIEST_YEAR.value, 1, 1, tzinfo=UTC)
LAST_MOMENT = NOW + timedelta(days=365 * YEARS_AHEAD.value)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    "moment", [FIRST_MOMENT, FIRST_MOMENT + TICK, NOW, LAST_MOMENT - TICK, LAST_MOMENT]
)
def test_times_in_range(moment: datetime) -> None:
    """The first moment of the earliest year and the last of the furthest can be sent."""
    assert encode(time=moment).time == moment.isoformat()


@pytest.mark.parametrize("moment", [FIRST_MOMENT - TICK, LAST_MOMENT + TICK])
def test_times_out_of_range(moment: datetime) -> None:
    """A moment earlier or later is refused, whether as datetime or as text."""
    assert problems(time=moment) == {("/time", "time_out_of_range")}
    assert problems(time=moment.isoformat()) == {("/time", "time_out_of_range")}


def test_the_earliest_moment_is_that_of_utc() -> None:
    """New Year's Eve in London is New Year in Tokyo: what counts is the moment."""
    assert problems(time=f"{EARLIEST_YEAR.value}-01-01T00:00:00+09:00") == {
        ("/time", "time_out_of_range")
    }


def test_an_event_that_no_request_holds() -> None:
    """An event of more bytes than a request may have is valid in itself, and fits nowhere."""
    strings = REQUEST_BYTES.value // STRING_BYTES.value + 1
    event = encode(properties={f"p{n}": "x" * STRING_BYTES.value for n in range(strings)})

    assert not Chunker().fits(event)


@pytest.mark.parametrize("name", ["first_name", "title", "image"])
def test_a_profile_of_one_long_text(name: str) -> None:
    """A text of a profile that is longer than the profile may be is refused."""
    text = "x" * (max(PROFILE_BYTES.value, STRING_BYTES.value) + 1)

    assert problems(profile={"email": "a@b.co", name: text})
