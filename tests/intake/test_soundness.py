"""No shortcut passes what the slow walk refuses."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from klaviyo_bulk_events import RecordError, values
from klaviyo_bulk_events.limits import ARRAY_ITEMS, NESTING_LEVELS, STRING_BYTES
from klaviyo_bulk_events.profile_fields import ProfileFields, are_plain, person, person_by_email
from klaviyo_bulk_events.records import Location

from .encoding import NOW
from .strategies import locations, texts

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=10)
    | st.sampled_from(
        [
            "null",
            "{[",
            "x" * STRING_BYTES.value,
            "x" * (STRING_BYTES.value + 1),
            "é" * (STRING_BYTES.value // 2 + 1),
            [0] * ARRAY_ITEMS.value,
            [0] * (ARRAY_ITEMS.value + 1),
            datetime(2026, 5, 5),
            datetime(2026, 5, 5, tzinfo=UTC),
            date(2026, 5, 5),
            datetime(2026, 5, 5, tzinfo=timezone(timedelta(minutes=-90, seconds=1))),
            *map(Decimal, ["1.5", "-0", "7.00", "1e400", "1e-400", "NaN", "-Infinity", "sNaN"]),
            *(Decimal(2**bits + more) for bits in (53, 63, 64) for more in (-1, 0)),
            UUID(int=1),
            b"bytes",
        ]
    )
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.integers(), inner),
    max_leaves=6,
)


def wrapped(value: Any, levels: int) -> Any:
    for level in range(levels):
        value = [value] if level % 2 else {"p": value}
    return value


objects = st.builds(
    lambda value, levels: {"p": wrapped(value, levels)},
    anything,
    st.sampled_from([0, 1, NESTING_LEVELS.value - 2, NESTING_LEVELS.value - 1]),
)


def is_refused(value: Any) -> bool:
    try:
        values.walked(value, "")
    except RecordError:
        return True
    return False


@given(objects)
def test_what_is_sound_is_not_refused_by_the_walk(value: dict[str, Any]) -> None:
    """What the bytes prove sound, the walk finds nothing in, and leaves as it is."""
    try:
        data = orjson.dumps(value, values.scalar, values.PLAIN)
    except TypeError:
        assume(False)
    assume(values.is_sound(data))

    assert orjson.dumps(values.walked(value, "")) == data


@given(objects)
def test_encoding_refuses_what_the_walk_refuses(value: dict[str, Any]) -> None:
    """Encoding and walking agree on every value, in order or not."""
    if is_refused(value):
        with pytest.raises(RecordError):
            values.encode(value, "")
    else:
        plain = orjson.loads(orjson.dumps(values.walked(value, "")))
        assert orjson.loads(values.encode(value, "")) == plain
        assert orjson.loads(values.encode(value, "", sort=True)) == plain


@given(st.sampled_from([0, 1, 5]), objects)
def test_brackets_around_do_not_count(brackets: int, value: dict[str, Any]) -> None:
    """What stands around the properties neither adds a level nor hides one."""
    around: Any = value
    for _ in range(brackets):
        around = {"p": around}
    try:
        data = orjson.dumps(around, values.scalar, values.PLAIN)
    except TypeError:
        assume(False)
    assume(values.is_sound(data, brackets))

    assert not is_refused(value)


@pytest.mark.parametrize("value", [Decimal("9.99"), NOW, NOW.date()])
def test_what_a_cursor_gives_needs_no_walk(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One Decimal or time does not have every value of its event looked at."""
    walked = orjson.dumps(values.walked({"p": [value]}, ""))
    monkeypatch.delattr(values, "walked")

    assert values.encode({"p": [value]}, "") == walked


FAULTS = {
    "NaN": {"p": float("nan")},
    "long string": {"p": "x" * (STRING_BYTES.value + 1)},
    "long array": {"p": [0] * (ARRAY_ITEMS.value + 1)},
    "deep objects": wrapped({}, 2 * NESTING_LEVELS.value),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_shortcut_finds_its_fault(fault: str) -> None:
    """Each of the shortcuts is there: without it, its fault would pass as sound."""
    assert not values.is_sound(orjson.dumps(FAULTS[fault], option=values.PLAIN))


fields: dict[str, st.SearchStrategy[Any]] = {
    "external_id": texts | st.integers(),
    "anonymous_id": texts,
    "first_name": texts | st.text(st.characters()) | st.none(),
    "id": texts,
    "kx": texts,
    "properties": st.just({"p": "q"}),
    "location": locations
    | locations.map(lambda place: Location(**place))
    | st.sampled_from([{"town": "x"}, {"city": 5}, "x"]),
}
plain_profiles = st.fixed_dictionaries({"email": texts}, optional=fields)


@given(plain_profiles)
def test_plain_profiles_are_read_to_themselves(fields: dict[str, Any]) -> None:
    """A profile that is plain goes out as the bytes that reading it field by field gives."""
    try:
        content = orjson.dumps(fields, vars, values.PLAIN)
    except TypeError:
        assume(False)
    assume(are_plain(fields, content))
    reader = ProfileFields(None)
    attributes, meta = reader.read(fields)

    assert (reader.problems, meta) == ([], {})
    assert orjson.dumps(attributes) == content


names = st.text(st.characters(), max_size=110) | st.text("aA\u0130\u212a", min_size=1)
domains = st.sampled_from(
    ["shop.org", "TEST.com", "te\u017ft.com", "example.com", "a.b@c.co", ".co"]
)
addresses = st.emails() | st.builds("{}@{}".format, names, domains)


@given(st.fixed_dictionaries({"email": addresses}, optional={"title": texts, "kx": texts}))
def test_an_address_that_passes_at_once_names_the_profile(fields: dict[str, Any]) -> None:
    """Looked at more closely, the identifiers are the address alone, without fault or warning."""
    found = person_by_email(fields)
    reader = ProfileFields(None)
    named = reader.identified(fields)

    if found is not None:
        assert (named, person(named)) == ({"email": fields["email"]}, found)
        assert (reader.problems, reader.warnings) == ([], [])


@pytest.mark.parametrize("location", [None, {"city": "x"}, Location(city="x", country="y")])
def test_common_profiles_are_plain(location: Any) -> None:
    """A profile of texts takes the fast road, else there were no need for one."""
    fields = {
        "email": "a@b.co",
        "first_name": "Zoë",
        **({"location": location} if location else {}),
    }

    assert are_plain(fields, orjson.dumps(fields, vars, values.PLAIN))
    assert person_by_email(fields) == "6 a@b.co"
