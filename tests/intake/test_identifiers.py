"""Identifiers go out as text; what would change on the way is refused."""

import enum
import math
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import RecordError, identifiers
from klaviyo_bulk_events.limits import EXTERNAL_ID_LENGTH, UNIQUE_ID_LENGTH

from .encoding import WHOLE, encode, encoder, problems, profile_of, warnings

_SPOILT = "looks_like_a_float"


class Shop(enum.Enum):
    LONDON = "shop-1"
    PARIS = 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("00001", "00001"),
        ("é", "é"),
        (17850, "17850"),
        (-5, "-5"),
        (0, "0"),
        (2**70, str(2**70)),
        (17850.0, "17850"),
        (2.0**53, str(2**53)),
        (Decimal("17850"), "17850"),
        (Decimal("17850.00"), "17850"),
        (Decimal("1E+3"), "1000"),
        (numpy.int64(17850), "17850"),
        (numpy.uint8(5), "5"),
        (numpy.float64(17850), "17850"),
        (numpy.str_("a"), "a"),
        (UUID("12345678-1234-5678-1234-567812345678"), "12345678-1234-5678-1234-567812345678"),
        (Shop.LONDON, "shop-1"),
        (Shop.PARIS, "2"),
    ],
)
def test_identifiers_become_text(value: Any, text: str) -> None:
    """Texts stay, whole numbers become their digits: for the profile and for the event."""
    event = encode(unique_id=value, profile={"external_id": value, "id": value})
    sent = profile_of(event)

    assert event.unique_id == text
    assert (sent["attributes"]["external_id"], sent["id"]) == (text, text)


@pytest.mark.parametrize(
    ("value", "code", "mend"),
    [
        (1.5, "fractional_identifier", "read its column as text"),
        (Decimal("1.5"), "fractional_identifier", "read its column as text"),
        (numpy.float64(1.5), "fractional_identifier", "read its column as text"),
        (2.0**53 + 2, "inexact_identifier", "read its column as text"),
        (1e300, "inexact_identifier", "read its column as text"),
        (math.nan, "not_finite", "leave a missing one out"),
        (numpy.float64("nan"), "not_finite", "leave a missing one out"),
        (Decimal("sNaN"), "not_finite", "leave a missing one out"),
        (math.inf, "not_finite", "leave a missing one out"),
        ("", "empty", "leave it out"),
        (True, "wrong_type", "an identifier is text"),
        (numpy.bool_(True), "wrong_type", "an identifier is text"),
        (numpy.datetime64("2026-05-05"), "wrong_type", "an identifier is text"),
        (numpy.array([1]), "wrong_type", "an identifier is text"),
        (b"a", "wrong_type", "an identifier is text"),
        (["a"], "wrong_type", "an identifier is text"),
        ("\ud800", "lone_surrogate", "surrogate"),
        pytest.param(10**5_000, "identifier_too_long", "digits", id="5,001 digits"),
        (Decimal("1E+999999999"), "identifier_too_long", "digits"),
    ],
)
def test_what_is_no_identifier(value: Any, code: str, mend: str) -> None:
    """What would lose something on its way to text is refused, with the mend."""
    with pytest.raises(RecordError, match=mend) as caught:
        identifiers.as_text(value, "/unique_id")

    assert [(p.pointer, p.code) for p in caught.value.problems] == [("/unique_id", code)]
    assert problems(unique_id=value) == {("/unique_id", code)}
    assert problems(profile={"external_id": value}) == {("/profile/external_id", code)}


@pytest.mark.parametrize("name", ["id", "external_id", "anonymous_id"])
@pytest.mark.parametrize(
    ("value", "spoilt"),
    [
        ("17850.0", True),
        ("-5.0", True),
        ("17850", False),
        (17850.0, False),
        ("17850.00", False),
        ("17850.5", False),
        ("v1.0", False),
        (".0", False),
        ("1.2.0", False),
        ("\u0661.0", False),
    ],
)
def test_identifiers_that_went_through_floats(name: str, value: Any, spoilt: bool) -> None:
    """A text like 17850.0 is warned of: the column's whole numbers were read as floats."""
    profile = {"email": "a@b.co", name: value}
    expected = {(f"/profile/{name}", _SPOILT), ("/unique_id", _SPOILT)} if spoilt else set()

    found = warnings(unique_id=value, profile=profile)

    assert {warning for warning in found if warning[1] == _SPOILT} == expected


def test_a_float_is_warned_of_with_each_event() -> None:
    """A profile that comes again brings its warning again, with the mend."""
    again = encoder(backfill=False)
    event = {**WHOLE, "profile": {"external_id": "17850.0"}}
    told = [again.encode(event).warnings for _ in range(2)]

    assert told[0] == told[1]
    assert "read its column as text" in told[0][0].message


@pytest.mark.parametrize("digits", [EXTERNAL_ID_LENGTH.value, UNIQUE_ID_LENGTH.value])
def test_digits_count_like_characters(digits: int) -> None:
    """A number of too many digits is too long, as its text would be."""
    number = 10**digits

    if digits >= EXTERNAL_ID_LENGTH.value:
        assert ("/profile/external_id", "external_id_too_long") in problems(
            profile={"external_id": number}
        )
    if digits >= UNIQUE_ID_LENGTH.value:
        assert problems(unique_id=number) == {("/unique_id", "unique_id_too_long")}


@given(st.integers(-(2**53), 2**53))
def test_a_number_is_the_same_identifier_in_every_type(number: int) -> None:
    """An integer, a whole float and a whole decimal name one profile."""
    made = {
        encode(profile={"external_id": value}).opening
        for value in (number, float(number) if number else 0.0, Decimal(number), str(number))
    }

    assert len(made) == 1
