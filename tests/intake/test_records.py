"""Events, profiles and locations, as classes and as records."""

import copy
import inspect
import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given

from klaviyo_bulk_events import NULL, Event, Location, Profile, RecordError
from klaviyo_bulk_events.records import fields_of

from .encoding import encode, encoder
from .strategies import event, event_fields, profile_fields

WHO = Profile(email="a@b.co")


@pytest.mark.parametrize(
    ("make", "pointer", "meant"),
    [
        (lambda: Event(metrik="m", profile=WHO), "/metrik", "metric"),  # type: ignore[call-arg]
        (
            lambda: Event(metric="m", profile=WHO, proprties={}),  # type: ignore[call-arg]
            "/proprties",
            "properties",
        ),
        (lambda: Profile(e_mail="a@b.co"), "/e_mail", "email"),  # type: ignore[call-arg]
        (lambda: Profile(phone="+1"), "/phone", "phone_number"),  # type: ignore[call-arg]
        (lambda: Location(adress1="x"), "/adress1", "address1"),  # type: ignore[call-arg]
        (lambda: Event.from_record({"metric": "m", "profil": {}}), "/profil", "profile"),
        (lambda: Profile.from_record({"Email": "a@b.co"}), "/profile/Email", "email"),
        (
            lambda: Event.from_record({"metric": "m", "profile.email": "x", "Value": 5}),
            "/Value",
            "value",
        ),
        (
            lambda: Event.from_record({"metric": "m", "profile.firstname": "x"}),
            "/profile/firstname",
            "first_name",
        ),
        (
            lambda: Event.from_record({"metric": "m", "profile.location.town.x": "x"}),
            "/profile/location/town.x",
            "",
        ),
    ],
)
def test_a_misspelt_field_names_the_field_meant(make: Any, pointer: str, meant: str) -> None:
    """A field that does not exist is an error that says which was probably meant."""
    with pytest.raises(RecordError, match="there is no field") as caught:
        make()

    [problem] = caught.value.problems
    assert (problem.pointer, problem.code) == (pointer, "unknown_field")
    assert (f"did you mean {meant!r}?" in problem.message) if meant else problem.message


@pytest.mark.parametrize(
    ("make", "pointer"),
    [
        (lambda: Event(profile=WHO), "/metric"),  # type: ignore[call-arg]
        (lambda: Event(metric="m"), "/profile"),  # type: ignore[call-arg]
        (lambda: Event.from_record({"profile": {"email": "a@b.co"}}), "/metric"),
        (lambda: Event.from_record({"metric": "m"}), "/profile"),
        (lambda: Event.from_record({"metric": None, "profile": WHO}), "/metric"),
    ],
)
def test_what_every_event_needs(make: Any, pointer: str) -> None:
    """An event without metric or profile can't be made."""
    with pytest.raises(RecordError, match="must be given") as caught:
        make()

    assert [problem.pointer for problem in caught.value.problems] == [pointer]


@pytest.mark.parametrize(
    ("record", "pointer", "code"),
    [
        ({"metric": "m", "profile": "sarah"}, "/profile", "wrong_type"),
        ({"metric": "m", "profile": WHO, 5: 1}, "", "keys_not_text"),
        ({"metric": "m", "profile": {5: 1}}, "/profile", "keys_not_text"),
        ({"metric": "m", "profile": {"location": {5: 1}}}, "/profile/location", "keys_not_text"),
    ],
)
def test_records_of_the_wrong_shape(record: Any, pointer: str, code: str) -> None:
    """A record whose parts are not what they must be is refused."""
    with pytest.raises(RecordError) as caught:
        Event.from_record(record)

    assert [(p.pointer, p.code) for p in caught.value.problems] == [(pointer, code)]


@pytest.mark.parametrize("instance", [Event(metric="m", profile=WHO), WHO, Location(city="x")])
def test_records_are_frozen(instance: Any) -> None:
    """A record can't be changed once it is made, but copied with changes."""
    name = next(iter(vars(instance)))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(instance, name, "other")

    assert getattr(attrs.evolve(instance, **{name: "other"}), name) == "other"


@given(event_fields)
def test_records_are_values(fields: dict[str, Any]) -> None:
    """Records of equal fields are equal, also after a copy and a trip to another process."""
    made: Any = event(fields)

    assert made == event(copy.deepcopy(fields))
    assert copy.copy(made) == made
    assert pickle.loads(pickle.dumps(made)) == made
    assert made != attrs.evolve(made, metric=f"{made.metric}?")


def test_what_is_not_given_is_none() -> None:
    """A field that was not given reads as None, and is told by the signature."""
    assert (WHO.first_name, WHO.location, Event(metric="m", profile=WHO).value) == (None,) * 3
    assert inspect.signature(Profile).parameters["title"].default is None
    assert repr(Location(city="x")).startswith("Location(address1=None, address2=None, city='x'")


def test_positions_say_nothing() -> None:
    """Fields are given by name alone."""
    with pytest.raises(TypeError):
        Event("m", WHO)  # type: ignore[call-arg]


@given(event_fields)
def test_from_record_reads_what_the_classes_say(fields: dict[str, Any]) -> None:
    """The nested record form and the classes are the same event."""
    assert Event.from_record(fields) == event(fields)


def dotted(fields: dict[str, Any]) -> dict[str, Any]:
    """The record in the form of a table's row."""
    row = {name: value for name, value in fields.items() if name not in {"profile", "properties"}}
    profile = fields["profile"]
    row |= {f"profile.{name}": value for name, value in profile.items() if name != "location"}
    location = profile.get("location")
    if isinstance(location, dict):
        row |= {f"profile.location.{name}": value for name, value in location.items()}
    elif location is not None:
        row["profile.location"] = location
    row |= {f"properties.{name}": value for name, value in fields.get("properties", {}).items()}
    return row


@given(event_fields)
def test_dotted_names_say_what_nested_ones_say(fields: dict[str, Any]) -> None:
    """A row of dotted columns is the same event, but that its empty cells are not given."""
    expected = copy.deepcopy(fields)
    given = {n: v for n, v in fields.get("properties", {}).items() if v is not None}
    expected["properties"] = given or None
    if not expected["profile"].get("location", True):
        del expected["profile"]["location"]

    assert Event.from_record(dotted(fields)) == event(expected)


@given(profile_fields)
def test_kx_goes_by_both_names(fields: dict[str, Any]) -> None:
    """A record may say `_kx` as the spec does, or `kx` as the class does."""
    fields["kx"] = "exchange"
    renamed = {"_kx" if name == "kx" else name: value for name, value in fields.items()}

    assert Profile.from_record(renamed) == Profile.from_record(fields)
    whole = {"metric": "m", "time": "2026-01-01T00:00:00Z", "unique_id": "u"}
    assert (
        encoder().encode({**whole, "profile": renamed}).opening
        == encoder().encode({**whole, "profile": fields}).opening
    )


def test_the_rest_becomes_properties() -> None:
    """With rest_as_properties, what is no field is a property."""
    record = {"metric": "m", "profile.email": "a@b.co", "Colour": "red", "properties.size": "S"}

    made = Event.from_record(record, rest_as_properties=True)
    assert made.properties == {"Colour": "red", "size": "S"}


def test_a_null_gives_way_to_a_dotted_name() -> None:
    """A null says nothing, so a dotted name does not contradict it."""
    record = {"metric": "m", "profile": {"email": None}, "profile.email": "a@b.co"}

    assert Event.from_record(record) == Event.from_record(dict(reversed(record.items())))
    assert Event.from_record(record).profile == WHO


RECORD = {
    "metric": "m",
    "profile": {"email": "a@b.co", "first_name": None, "location": {"city": None}},
    "time": None,
    "value": None,
    "unique_id": None,
    "backfill": None,
    "properties": None,
}


def test_nulls_are_not_given() -> None:
    """A null in a record means that the field is not given."""
    made = Event.from_record(RECORD)

    assert vars(made) == {"metric": "m", "profile": made.profile}
    assert vars(made.profile) == {"email": "a@b.co", "location": Location()}


def test_nulls_asked_for_are_sent() -> None:
    """With nulls, they are sent where the spec takes one and it says something.

    A null time, unique_id or backfill would leave to the server what must be known here.
    """
    made = Event.from_record(RECORD, nulls=True)
    place = Location(city=NULL)

    assert made == Event(
        metric="m", profile=Profile(email="a@b.co", first_name=NULL, location=place), value=NULL
    )
    assert fields_of(RECORD, nulls=True) == {
        **RECORD,
        "value": NULL,
        "profile": {"email": "a@b.co", "first_name": NULL, "location": {"city": NULL}},
    }


def test_the_names_of_a_record_are_all_that_is_checked() -> None:
    """A record with the right names is handed on as it is: nothing is copied."""
    assert fields_of(RECORD) is RECORD


def test_records_and_objects_are_one_profile() -> None:
    """A profile is the same entry of a request, as an object or as a record."""
    record = {"email": "a@b.co", "location": {"city": "x"}}

    by_object = encode(profile=Profile.from_record(record))
    assert encode(profile=record).opening == by_object.opening
