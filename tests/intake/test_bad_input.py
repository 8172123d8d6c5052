"""Bad input is refused with a pointer, a code and a sentence, all of an event's faults at once."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy
import orjson
import pytest

from klaviyo_bulk_events import NULL, Event, Location, Profile, RecordError
from klaviyo_bulk_events.limits import EARLIEST_YEAR, YEARS_AHEAD
from klaviyo_bulk_events.problems import MANY, unknown_fields

from .encoding import NOW, encode, encoder, problems


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (math.nan, "not_finite"),
        (math.inf, "not_finite"),
        (-math.inf, "not_finite"),
        (Decimal("NaN"), "not_finite"),
        (Decimal("sNaN"), "not_finite"),
        (Decimal("Infinity"), "not_finite"),
        (numpy.float32("nan"), "not_finite"),
        (2**63, "integer_out_of_range"),
        (2**64 - 1, "integer_out_of_range"),
        (-(2**63) - 1, "integer_out_of_range"),
        (2**70, "integer_out_of_range"),
        (numpy.uint64(2**63), "integer_out_of_range"),
        (Decimal(2**63), "integer_out_of_range"),
        (Decimal("1E+999999999"), "integer_out_of_range"),
        (Decimal("9" * 400 + ".5"), "number_out_of_range"),
        ("\ud800", "lone_surrogate"),
        ("a\udfffb", "lone_surrogate"),
        ({"\ud800": 1}, "lone_surrogate"),
        ({1: 1}, "keys_not_text"),
        ({None: 1}, "keys_not_text"),
        (numpy.datetime64("NaT", "s"), "not_json"),
        (numpy.timedelta64(5, "ns"), "not_json"),
        (numpy.timedelta64(5, "M"), "not_json"),
        (numpy.longdouble(1), "not_json"),
        (numpy.complex128(1), "not_json"),
        (numpy.int64, "not_json"),
        ({1, 2}, "not_json"),
        (b"bytes", "not_json"),
        (Fraction(1, 2), "not_json"),
        (1j, "not_json"),
        (object(), "not_json"),
        (Location(city="London"), "not_json"),
        (NOW.replace(tzinfo=None), "naive_time"),
        (numpy.datetime64("2026-05-05T12:00:00"), "naive_time"),
    ],
)
@pytest.mark.parametrize("unique_id", [None, "given"])
def test_values_that_have_no_json(value: Any, code: str, unique_id: str | None) -> None:
    """A value that JSON or the server can't take is refused, however deep it lies."""
    found = problems(properties={"sound": 1, "p": [{"q": value}]}, unique_id=unique_id)

    [(pointer, found_code)] = found
    assert found_code == code
    assert pointer.startswith("/properties/p/0/q")


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"metric": None}, "/metric", "missing_field"),
        ({"metric": ""}, "/metric", "empty"),
        ({"metric": " \t"}, "/metric", "empty"),
        ({"metric": 5}, "/metric", "wrong_type"),
        ({"metric": ["m"]}, "/metric", "wrong_type"),
        ({"metric": "\ud800"}, "/metric", "lone_surrogate"),
        ({"metric_service": 5}, "/metric_service", "wrong_type"),
        ({"metric_service": ["api"]}, "/metric_service", "wrong_type"),
        ({"profile": None}, "/profile", "missing_field"),
        ({"profile": "sarah"}, "/profile", "wrong_type"),
        ({"profile": {}}, "/profile", "missing_identifier"),
        ({"profile": {"first_name": "Sarah"}}, "/profile", "missing_identifier"),
        ({"profile": {"anonymous_id": "a"}}, "/profile", "missing_identifier"),
        ({"profile": {"_kx": "k"}}, "/profile", "missing_identifier"),
        ({"profile": {"email": NULL}}, "/profile", "missing_identifier"),
        ({"profile": {"email": None, "id": None}}, "/profile", "missing_identifier"),
        ({"profile": {"email": "sarah"}}, "/profile/email", "invalid_email"),
        ({"profile": {"email": "a@b"}}, "/profile/email", "invalid_email"),
        ({"profile": {"email": "a@b.co, c@d.co"}}, "/profile/email", "invalid_email"),
        ({"profile": {"email": "", "id": "1"}}, "/profile/email", "invalid_email"),
        ({"profile": {"email": 5}}, "/profile/email", "wrong_type"),
        ({"profile": {"email": ["a@b.co"]}}, "/profile/email", "wrong_type"),
        ({"profile": {"external_id": ""}}, "/profile/external_id", "empty"),
        ({"profile": {"id": "1", "anonymous_id": ""}}, "/profile/anonymous_id", "empty"),
        ({"profile": {"id": "1", "first_name": 5}}, "/profile/first_name", "wrong_type"),
        ({"profile": {"id": "1", "title": "\ud800"}}, "/profile/title", "lone_surrogate"),
        ({"profile": {"id": "1", "location": "x"}}, "/profile/location", "wrong_type"),
        (
            {"profile": {"id": "1", "location": {"city": 5}}},
            "/profile/location/city",
            "wrong_type",
        ),
        (
            {"profile": {"id": "1", "location": {"latitude": math.nan}}},
            "/profile/location/latitude",
            "not_finite",
        ),
        (
            {"profile": {"id": "1", "location": {"latitude": True}}},
            "/profile/location/latitude",
            "wrong_type",
        ),
        (
            {"profile": {"id": "1", "location": {"town": "x"}}},
            "/profile/location/town",
            "unknown_field",
        ),
        ({"profile": {"id": "1", "properties": 5}}, "/profile/properties", "wrong_type"),
        (
            {"profile": {"id": "1", "properties": {"p": math.nan}}},
            "/profile/properties/p",
            "not_finite",
        ),
        ({"profile": {"id": "1", "append": []}}, "/profile/append", "wrong_type"),
        ({"profile": {"id": "1", "unset": 5}}, "/profile/unset", "wrong_type"),
        ({"profile": {"id": "1", "unset": ["p", 5]}}, "/profile/unset/1", "wrong_type"),
        (
            {"profile": {"id": "1", "append_identifiers": NULL}},
            "/profile/append_identifiers",
            "wrong_type",
        ),
        ({"profile": {"mail": "a@b.co"}}, "/profile/mail", "unknown_field"),
        ({"profile": {5: "a@b.co"}}, "/profile", "keys_not_text"),
        ({"properties": []}, "/properties", "wrong_type"),
        ({"properties": NULL}, "/properties", "wrong_type"),
        ({"properties": {5: "x"}}, "/properties", "keys_not_text"),
        ({"value": "5"}, "/value", "wrong_type"),
        ({"value": ""}, "/value", "wrong_type"),
        ({"value": True}, "/value", "wrong_type"),
        ({"value": [1]}, "/value", "wrong_type"),
        ({"value": math.nan}, "/value", "not_finite"),
        ({"value": Decimal("Infinity")}, "/value", "not_finite"),
        ({"value": 2**70}, "/value", "integer_out_of_range"),
        ({"value_currency": 5}, "/value_currency", "wrong_type"),
        ({"value_currency": "\ud800"}, "/value_currency", "lone_surrogate"),
        ({"unique_id": ""}, "/unique_id", "empty"),
        ({"unique_id": NULL}, "/unique_id", "wrong_type"),
        ({"unique_id": 1.5}, "/unique_id", "fractional_identifier"),
        ({"time": NOW.replace(tzinfo=None)}, "/time", "naive_time"),
        ({"time": "2026-05-05T12:00:00"}, "/time", "naive_time"),
        ({"time": f"{EARLIEST_YEAR.value - 2}-12-31T12:00:00Z"}, "/time", "time_out_of_range"),
        (
            {"time": NOW.replace(year=NOW.year + YEARS_AHEAD.value + 1)},
            "/time",
            "time_out_of_range",
        ),
        ({"time": "yesterday"}, "/time", "not_a_time"),
        ({"time": ""}, "/time", "not_a_time"),
        ({"time": NULL}, "/time", "wrong_type"),
        ({"time": 1_777_777_777}, "/time", "wrong_type"),
        ({"time": [2026]}, "/time", "wrong_type"),
        ({"backfill": "yes"}, "/backfill", "wrong_type"),
        ({"backfill": 1}, "/backfill", "wrong_type"),
        ({"backfill": NULL}, "/backfill", "wrong_type"),
    ],
)
def test_fields_that_are_refused(fields: dict[str, Any], pointer: str, code: str) -> None:
    """A field that the server would refuse or misread is refused, and nothing beside it."""
    assert problems(**fields) == {(pointer, code)}


@pytest.mark.parametrize(
    ("of_run", "of_event", "code"),
    [
        (None, None, "backfill_unsaid"),
        (True, False, "backfill_contradicted"),
        (False, True, "backfill_contradicted"),
    ],
)
def test_flags_that_are_unsaid_or_contradicted(
    of_run: bool | None, of_event: bool | None, code: str
) -> None:
    """No event goes out whose flag is unsaid, or other than that of the run."""
    assert problems(backfill_of_run=of_run, backfill=of_event) == {("/backfill", code)}


@pytest.mark.parametrize(
    ("of_run", "of_event", "sent"),
    [
        (True, None, True),
        (False, None, False),
        (None, True, True),
        (None, False, False),
        (True, True, True),
        (False, False, False),
    ],
)
def test_flags_that_are_said(of_run: bool | None, of_event: bool | None, sent: bool) -> None:
    """The flag that the run or the event says stands in the event's bytes."""
    event = encode(backfill_of_run=of_run, backfill=of_event)

    assert event.backfill is sent
    assert (b'"backfill":true' in event.data) is sent
    assert (b'"backfill":true' in event.opening) is sent


def test_a_metric_that_is_not_allowed() -> None:
    """Where metrics are named, any other is refused: a metric can never be deleted."""
    intake = {"metrics": ["Viewed Product"]}

    assert encode(intake=intake, metric="Viewed Product")
    assert problems(intake=intake, metric="Viewed product") == {("/metric", "metric_not_allowed")}


@pytest.mark.parametrize(
    "phone",
    [
        "15005550006",
        "+05005550006",
        "+1 500 555 0006",
        "+1500",
        "+" + "1" * 16,
        "+\u0661\u0665\u0660\u0660\u0665\u0665\u0665",
    ],
)
def test_phones_that_are_no_e_164(phone: str) -> None:
    """A phone number in another form is refused, and only warned of beside a valid address."""
    fault = ("/profile/phone_number", "invalid_phone_number")
    event = encode(profile={"phone_number": phone, "email": "a@b.co"})

    assert problems(profile={"phone_number": phone}) == {fault}
    assert problems(profile={"phone_number": phone, "external_id": "1"}) == {fault}
    assert fault in {(warning.pointer, warning.code) for warning in event.warnings}


@pytest.mark.parametrize("phone", ["+15005550006", "+4420712345", "+" + "1" * 15])
def test_phones_that_are_e_164(phone: str) -> None:
    """A phone number in E.164 names a profile by itself."""
    assert encode(profile={"phone_number": phone}).warnings == encode().warnings


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Every field's faults are told, not only the first field's."""
    found = problems(
        metric="",
        profile={"email": "no", "external_id": 1.5, "location": {"city": 5}},
        properties={"p": math.nan, "q": [2**70]},
        time="never",
        value="5",
        value_currency=5,
        unique_id="",
        backfill=False,
    )

    assert {pointer for pointer, _ in found} == {
        "/metric",
        "/profile/email",
        "/profile/external_id",
        "/profile/location/city",
        "/properties/p",
        "/properties/q/0",
        "/time",
        "/value",
        "/value_currency",
        "/unique_id",
        "/backfill",
    }


def test_no_more_is_told_than_can_be_read() -> None:
    """Of a thousand faults in the properties the first few are told."""
    assert len(problems(properties={"p": [math.nan] * 1_000})) == MANY


def test_what_holds_itself_ends() -> None:
    """A list that holds itself many times over is too deep, and found so at once."""
    loop: list[Any] = []
    loop.extend([loop] * 50)

    assert {code for _, code in problems(properties={"p": loop})} == {"too_deep"}


def test_a_problem_is_a_sentence_with_pointer_and_code() -> None:
    """An error's text names the place, says what is wrong, and ends in the code."""
    with pytest.raises(
        RecordError, match=r"^/profile: a profile needs one of .+ \[missing_identif"
    ):
        encode(profile=Profile(first_name="Sarah"))


def test_pointers_are_json_pointers() -> None:
    """Slashes and tildes in keys are escaped (RFC 6901), keys too long for a log are cut."""
    assert problems(properties={"a/b~c": math.nan}) == {("/properties/a~1b~0c", "not_finite")}
    assert problems(properties={"k" * 5_000: math.nan}) == {
        (f"/properties/{'k' * 100}...", "not_finite")
    }


class Broken(Mapping[str, Any]):
    """A mapping whose methods raise; what they say is the record's own and must not be told."""

    def __getitem__(self, key: str) -> Any:
        raise LookupError("secret")

    def __iter__(self) -> Iterator[str]:
        raise LookupError("secret")

    def __len__(self) -> int:
        return 1


class BrokenZone(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta:
        raise ArithmeticError("secret")

    dst = tzname = utcoffset  # type: ignore[assignment]


class Nameless:
    def __str__(self) -> str:
        raise ArithmeticError("secret")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"time": NOW.replace(tzinfo=BrokenZone())}, "ArithmeticError"),
        ({"properties": {"at": NOW.replace(tzinfo=BrokenZone())}}, "ArithmeticError"),
        ({"properties": Broken()}, "LookupError"),
        ({"properties": {"p": Broken()}}, "LookupError"),
        ({"profile": Broken()}, "LookupError"),
        ({"profile": {"id": "1", "properties": Broken()}}, "LookupError"),
        ({"profile": {"id": "1", "location": Broken()}}, "LookupError"),
    ],
)
@pytest.mark.parametrize("unique_id", [None, "given"])
def test_records_that_raise(fields: dict[str, Any], kind: str, unique_id: str | None) -> None:
    """What a record raises while it is read is that record's fault, told without its text."""
    with pytest.raises(RecordError) as caught:
        encode(**fields, unique_id=unique_id)

    [problem] = caught.value.problems
    assert (problem.pointer, problem.code) == ("", "broken_record")
    assert kind in problem.message
    assert "secret" not in str(caught.value)


def test_a_record_that_raises_at_every_name() -> None:
    """A record of which nothing can be read is refused once."""
    with pytest.raises(RecordError, match="broken_record") as caught:
        encoder().encode(Broken())

    assert len(caught.value.problems) == 1


def test_what_raises_hides_no_other_fault() -> None:
    """The faults of the other fields are told beside what was raised."""
    assert problems(properties=Broken(), value="5") == {
        ("", "broken_record"),
        ("/value", "wrong_type"),
    }


def test_an_interrupt_is_no_fault_of_the_record() -> None:
    """Who stops the program stops it, also in the middle of a record."""

    class Interrupted(Broken):
        def __iter__(self) -> Iterator[str]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode(properties=Interrupted())


@pytest.mark.parametrize(
    ("key", "shown"), [pytest.param(10**5_000, "int", id="long"), (Nameless(), "Nameless")]
)
def test_keys_that_have_no_text(key: object, shown: str) -> None:
    """A key that can't even be printed is refused by the name of its class."""
    assert problems(properties={key: 1}) == {("/properties", "keys_not_text")}
    assert problems(properties={key: math.nan}) == {
        ("/properties", "keys_not_text"),
        (f"/properties/{shown}", "not_finite"),
    }
    with pytest.raises(RecordError, match=shown):
        raise unknown_fields([key], ["metric"])


@pytest.mark.parametrize("unique_id", [None, "given"])
def test_bytes_that_claim_to_be_json(unique_id: str | None) -> None:
    """JSON made by somebody else is refused in profiles, and in properties that need a walk."""
    fragment = orjson.Fragment(b"{bad")

    assert problems(properties={"p": fragment, "q": 2**60}, unique_id=unique_id) == {
        ("/properties/p", "not_json")
    }
    assert problems(profile={"id": "1", "properties": {"p": fragment}}) == {
        ("/profile/properties/p", "not_json")
    }


def test_every_problem_can_be_printed() -> None:
    """Half a surrogate pair in a key does not break the log that the problem is written to."""
    with pytest.raises(RecordError) as caught:
        Event.from_record({"metric": "m", "\ud800": 1})

    assert str(caught.value).encode()
    assert all(p.encode() for p, _ in problems(properties={"\ud800": math.nan}))
