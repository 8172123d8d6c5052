"""A profile that is remembered is always its own."""

import enum
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klaviyo_bulk_events import NULL, Location, Profile, RecordError
from klaviyo_bulk_events.profiles import EncodedProfile, ProfileEncoder

from .encoding import encode, problems, profile_of, warnings
from .strategies import profile, profile_fields


class Name(enum.Enum):
    SARAH = "5"
    NUMBER = 5


# What looks alike in JSON, in Python, or to the eye.
look_alikes = st.sampled_from(
    [
        "5",
        5,
        5.0,
        True,
        "true",
        None,
        NULL,
        "null",
        float("nan"),
        "",
        [],
        "[]",
        ["5"],
        ("5",),
        {},
        {"city": "5"},
        Location(city="5"),
        Location(city=NULL),
        Location(),
        Decimal(5),
        UUID(int=5),
        str(UUID(int=5)),
        Name.SARAH,
        Name.NUMBER,
        "\ud800",
        "5 ",
        "é",
        "e\u0301",
    ]
)
FIELDS = (
    "external_id",
    "id",
    "kx",
    "anonymous_id",
    "first_name",
    "location",
    "properties",
    "append",
    "unset",
)
fields_alike = st.dictionaries(st.sampled_from(FIELDS), look_alikes, max_size=2)
# Profiles that differ in one field, in values that look alike.
alike = st.builds(
    lambda fields, name, values: [{"email": "a@b.co", **fields, name: v} for v in values],
    fields_alike,
    st.sampled_from(FIELDS),
    st.lists(look_alikes | st.fixed_dictionaries({"p": look_alikes}), min_size=2, max_size=4),
)


def told(encoder: ProfileEncoder, given: Any) -> EncodedProfile | set[str]:
    """What an encoder makes of a profile: its bytes, or what is wrong with it."""
    try:
        return encoder.encode(given)
    except RecordError as error:
        return {str(problem) for problem in error.problems}


@given(alike, st.booleans())
@example([{"id": "5", "kx": NULL}, {"id": "5", "kx": None}], True)
@example([{"id": "5", "unset": str(UUID(int=5))}, {"id": "5", "unset": UUID(int=5)}], False)
@example([{"id": "5", "append": {"city": "5"}}, {"id": "5", "append": Location(city="5")}], True)
@example([{"id": "5", "append": {"p": {}}}, {"id": "5", "append": {"p": Location()}}], True)
def test_look_alikes_are_told_apart(several: list[dict[str, Any]], updates: bool) -> None:
    """A profile is what a fresh encoder makes of it, whatever profiles went before."""
    used = ProfileEncoder(backfill=True, updates=updates)
    for fields in several:
        for said in (Profile(**fields), fields):
            fresh = ProfileEncoder(backfill=True, updates=updates)
            assert told(used, said) == told(fresh, said)


@given(st.lists(profile_fields, min_size=2, max_size=5))
def test_short_lived_profiles(several: list[dict[str, Any]]) -> None:
    """A profile that takes the place of a dead one in memory is not taken for it."""
    used = ProfileEncoder(backfill=True)
    for fields in several:
        assert used.encode(profile(fields)) == ProfileEncoder(backfill=True).encode(profile(fields))


CHANGES: list[tuple[str, Any]] = [
    ("properties", {"p": 1}),
    ("append", {"p": 1}),
    ("unappend", {"p": 1}),
    ("append_identifiers", {"email": ["a@b.co"]}),
    ("unappend_identifiers", {"email": ["a@b.co"]}),
]


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_a_profile_whose_values_change(name: str, value: dict[str, Any]) -> None:
    """What a caller changes inside a profile goes out as it is at that time."""
    encoder = ProfileEncoder(backfill=True)
    changing = profile({"email": "a@b.co"} | {name: value})
    before = encoder.encode(changing)
    value["q"] = 2

    assert encoder.encode(changing).opening != before.opening
    assert encoder.encode(changing) == ProfileEncoder(backfill=True).encode(changing)


def test_a_location_that_changes() -> None:
    """The same is true of a location that is a mapping, against its type."""
    encoder, place = ProfileEncoder(backfill=True), {"city": "x"}
    changing = Profile(email="a@b.co", location=place)  # type: ignore[arg-type]
    before = encoder.encode(changing)
    place["city"] = "y"

    assert encoder.encode(changing).opening != before.opening


def test_an_unset_list_that_grows() -> None:
    """The same is true of a list of names to unset."""
    encoder, names = ProfileEncoder(backfill=True), ["p"]
    changing = Profile(email="a@b.co", unset=names)
    before = encoder.encode(changing)
    names.append("q")

    assert encoder.encode(changing).opening != before.opening


def test_a_profile_met_again_is_not_encoded_again() -> None:
    """A customer's next event finds the profile, by the object or by what it holds."""
    encoder, customer = (
        ProfileEncoder(backfill=True),
        Profile(email="a@b.co", location=Location(city="x")),
    )
    first = encoder.encode(customer)

    assert encoder.encode(customer) is first
    assert encoder.encode(Profile(email="a@b.co", location=Location(city="x"))) is first
    assert encoder.encode({"email": "a@b.co", "location": {"city": "x"}}) is first


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many profiles go by, so many are remembered, and none that is long."""
    monkeypatch.setattr("klaviyo_bulk_events.profiles._REMEMBERED", 3)
    encoder = ProfileEncoder(backfill=True)
    for number in range(10):
        encoder.encode(Profile(email=f"a{number}@b.co"))
    long = Profile(email="a@b.co", first_name="x" * 50_000)

    assert encoder.encode(long) is not encoder.encode(long)
    assert len(encoder._contents) <= 3
    assert len(encoder._objects) <= 3


@pytest.mark.parametrize(
    "email", ["a@example.com", "A@EXAMPLE.COM", "a@test.com", "first.last+tag@test.com"]
)
def test_addresses_that_the_server_drops(email: str) -> None:
    """Test addresses are taken by the server and dropped: a warning, no error."""
    assert ("/profile/email", "test_address") in warnings(profile={"email": email})


@pytest.mark.parametrize("email", ["a@myexample.com", "a@example.com.au", "a@b.test.com"])
def test_addresses_that_only_look_like_it(email: str) -> None:
    """Other domains are not warned of."""
    assert warnings(profile={"email": email}) == set()


OVERWRITTEN = ("/profile", "profile_overwritten")


@pytest.mark.parametrize(
    ("fields", "backfill", "updates", "warned"),
    [
        ({"first_name": "Sarah"}, True, True, True),
        ({"properties": {"p": 1}}, True, True, True),
        ({"unset": "p"}, True, True, True),
        ({"first_name": "Sarah"}, False, True, False),
        ({"first_name": "Sarah"}, True, False, False),
        ({"external_id": "5", "kx": "k"}, True, True, False),
        ({"first_name": None}, True, True, False),
    ],
)
def test_a_backfill_that_overwrites(
    fields: dict[str, Any], backfill: bool, updates: bool, warned: bool
) -> None:
    """Profile attributes beside old events overwrite newer ones: a warning, unless left out."""
    found = warnings(
        backfill_of_run=backfill,
        intake={"profile_updates": updates},
        profile={"email": "a@b.co", **fields},
    )

    assert (OVERWRITTEN in found) is warned


def test_identity_is_what_identifies() -> None:
    """Events of one profile have one identity, whatever else is said of it."""
    bare = encode(profile={"email": "a@b.co"})
    rich = encode(profile={"email": "a@b.co", "first_name": "Sarah"})
    other = encode(profile={"email": "a@b.co", "external_id": "5"})

    assert bare.key == rich.key != other.key


def test_coordinates() -> None:
    """Coordinates are numbers or texts, as they were given."""
    place = Location(latitude=51.5, longitude="-0.12")

    sent = profile_of(encode(profile=Profile(email="a@b.co", location=place)))
    assert sent["attributes"]["location"] == {"latitude": 51.5, "longitude": "-0.12"}


@pytest.mark.parametrize(
    ("fields", "meta"),
    [
        ({"meta": NULL}, None),
        ({"patch_properties": NULL}, {"patch_properties": None}),
        (
            {"patch_properties": NULL, "append_identifiers": {"email": ["b@b.co"]}},
            {"patch_properties": None, "patch_identifiers": {"append": {"email": ["b@b.co"]}}},
        ),
        (
            {"patch_identifiers": NULL, "unset": "p"},
            {"patch_properties": {"unset": "p"}, "patch_identifiers": None},
        ),
    ],
)
def test_null_around_the_patches(fields: dict[str, Any], meta: object) -> None:
    """What holds the patches can be sent as null, as the spec allows."""
    assert profile_of(encode(profile=Profile(email="a@b.co", **fields)))["meta"] == meta


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"meta": {"patch_properties": {}}}, {("/profile/meta", "only_null")}),
        ({"patch_properties": {"unset": "p"}}, {("/profile/patch_properties", "only_null")}),
        ({"patch_properties": NULL, "unset": "p"}, {("/profile/patch_properties", "given_twice")}),
        ({"meta": NULL, "unset": "p"}, {("/profile/meta", "given_twice")}),
        ({"meta": NULL, "patch_identifiers": NULL}, {("/profile/meta", "given_twice")}),
    ],
)
def test_null_and_more_around_the_patches(
    fields: dict[str, Any], found: set[tuple[str, str]]
) -> None:
    """What is null holds nothing, and what it could hold has names of its own."""
    assert problems(profile={"email": "a@b.co", **fields}) == found
