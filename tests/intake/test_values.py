"""Values inside properties become the JSON that a reader would expect."""

import collections
import copy
import enum
import types
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.limits import LARGEST_INTEGER, SMALLEST_INTEGER

from .encoding import attributes, problems
from .strategies import properties


class Size(enum.Enum):
    SMALL = "S"
    NUMBER = 5
    WHEN = date(2026, 5, 5)


class Grade(enum.StrEnum):
    BEST = "A"


class Count(enum.IntEnum):
    ONE = 1


class Text(str):
    __slots__ = ()


class Point(collections.namedtuple("Point", "x y")):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (0, 0),
        (2**53 + 1, 2**53 + 1),
        (LARGEST_INTEGER.value, LARGEST_INTEGER.value),
        (SMALLEST_INTEGER.value, SMALLEST_INTEGER.value),
        (Decimal("9.99"), 9.99),
        (Decimal("5.00"), 5),
        (Decimal("1E+3"), 1000),
        (UUID("12345678-1234-5678-1234-567812345678"), "12345678-1234-5678-1234-567812345678"),
        (date(2026, 5, 5), "2026-05-05"),
        (datetime(2026, 5, 5, 12, tzinfo=UTC), "2026-05-05T12:00:00+00:00"),
        (
            datetime(2026, 5, 5, 12, tzinfo=timezone(timedelta(hours=2))),
            "2026-05-05T12:00:00+02:00",
        ),
        (datetime(2026, 7, 5, 12, tzinfo=ZoneInfo("Europe/London")), "2026-07-05T12:00:00+01:00"),
        (Size.SMALL, "S"),
        (Size.NUMBER, 5),
        (Size.WHEN, "2026-05-05"),
        (Grade.BEST, "A"),
        (Count.ONE, 1),
        (Text("text"), "text"),
        ((1, "a"), [1, "a"]),
        (Point(1, 2), [1, 2]),
        (types.MappingProxyType({"p": 1}), {"p": 1}),
        (collections.OrderedDict(p=Decimal("1.5")), {"p": 1.5}),
        (numpy.int64(5), 5),
        (numpy.uint8(5), 5),
        (numpy.float64(0.5), 0.5),
        (numpy.float32(0.5), 0.5),
        (numpy.bool_(True), True),
        (numpy.str_("text"), "text"),
        (numpy.array([1, 2]), [1, 2]),
        (numpy.array([[0.5], [1.5]]), [[0.5], [1.5]]),
        (numpy.array(5), 5),
        (numpy.datetime64("2026-05-05"), "2026-05-05"),
    ],
)
@pytest.mark.parametrize("unique_id", [None, "given"])
def test_values(value: Any, expected: Any, unique_id: str | None) -> None:
    """Each kind of value has one JSON, at the top as deep inside, whichever road it takes."""
    sent = attributes(unique_id=unique_id, properties={"p": value, "q": [{"r": value}]})

    assert sent["properties"] == {"p": expected, "q": [{"r": expected}]}


@pytest.mark.parametrize(
    "value", [datetime(2026, 7, 5, 12), numpy.datetime64("2026-07-05T12:00:00", "ns")]
)
def test_naive_datetimes_are_in_the_zone_given(value: Any) -> None:
    """A naive datetime inside properties is a time in the intake's zone."""
    sent = attributes(intake={"timezone": "Europe/London"}, properties={"p": value})

    assert sent["properties"]["p"] == "2026-07-05T12:00:00+01:00"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
def test_decimals_are_numbers(value: Decimal) -> None:
    """A decimal is the number nearest to it, whole ones without a fraction."""
    [sent] = attributes(properties={"p": value})["properties"].values()

    assert sent == (int(value) if value == int(value) else float(value))


class NaT(datetime):
    """A datetime that is not itself, like pandas' missing one."""

    __hash__ = datetime.__hash__

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True


def test_a_missing_time_is_refused() -> None:
    """What stands for no time at all, as in pandas, is refused where it is met."""
    nothing = NaT(2026, 5, 5, tzinfo=UTC)

    assert problems(time=nothing) == {("/time", "wrong_type")}
    assert problems(properties={"p": nothing}) == {("/properties/p", "not_json")}


class Ambiguous:
    """Neither true nor false, like pandas.NA."""

    def __bool__(self) -> bool:
        raise TypeError


def test_a_value_that_is_neither_true_nor_false() -> None:
    """Such a value is refused like any other, and ends nothing else."""
    assert problems(properties={"p": Ambiguous()}) == {("/properties/p", "not_json")}


@given(properties)
def test_the_caller_keeps_the_properties(given: dict[str, Any]) -> None:
    """Encoding changes nothing that the caller gave."""
    given["decimal"] = Decimal("1.5")
    before = copy.deepcopy(given)
    attributes(properties=given)

    assert given == before
