"""What a caller hands in: events, with their profiles.

A field that is not given, or `None`, is left out of the bytes; `NULL` is sent as null, which may
clear what the server holds.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Self, TypeAlias, TypeVar, cast, dataclass_transform, get_args
from uuid import UUID

import attrs

from klaviyo_bulk_events.problems import Problem, RecordError, missing_field, unknown_fields
from klaviyo_bulk_events.record_form import nested, with_rest


class Null(Enum):
    """The type of `NULL`."""

    NULL = None

    def __repr__(self) -> str:
        return "NULL"


NULL: Final = Null.NULL
"""Sent as null where `None` would be left out."""

Text: TypeAlias = str | Null | None
UniqueId: TypeAlias = str | int | float | Decimal | UUID | None
Identifier: TypeAlias = UniqueId | Null
Time: TypeAlias = datetime | date | str | int | float | Decimal | None
Number: TypeAlias = int | float | Decimal | Null | None
Properties: TypeAlias = Mapping[str, Any]

_Record = TypeVar("_Record")


@dataclass_transform(kw_only_default=True, frozen_default=True)
def _record(cls: type[_Record]) -> type[_Record]:
    """A frozen attrs class that says which field a misspelt one was meant to be.

    What is not given is not in `vars` either, and nobody after has to look at it: most fields of
    most profiles are not.
    """
    frozen: Any = attrs.define(cls, frozen=True, slots=False, init=False)
    fields = attrs.fields(frozen)
    for field in fields:
        setattr(frozen, field.name, None)
    # Written as attrs writes one: to catch misspelt names around that would double what an event
    # costs.
    signature = ", ".join(f"{field.name}=None" for field in fields)
    source = [
        f"def __init__(self, *, {signature}, **misspelt):",
        "    if misspelt: raise unknown_fields(misspelt, names)",
        "    given = self.__dict__",
        *map(_assignment, fields),
    ]
    names = [field.name for field in fields]
    scope = {"names": names, "unknown_fields": unknown_fields, "missing_field": missing_field}
    exec("\n".join(source), scope)  # noqa: S102 - as attrs does
    frozen.__init__ = scope["__init__"]
    return cast(type[_Record], frozen)


def _assignment(field: Any) -> str:
    name = field.name
    given = f"    if {name} is not None: given[{name!r}] = {name}"
    if field.default is not attrs.NOTHING:
        return given
    return f"{given}\n    else: raise missing_field({name!r})"


@_record
class Location:
    """Where the person of a profile is."""

    address1: Text = None
    address2: Text = None
    city: Text = None
    country: Text = None
    latitude: str | float | Null | None = None
    longitude: str | float | Null | None = None
    region: Text = None
    zip: Text = None
    timezone: Text = None
    ip: Text = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any], *, nulls: bool = False) -> Self:
        """Read the record form; with `nulls`, a null is sent as null.

        Raises RecordError for a field that does not exist.
        """
        return _read(cls, record, "/profile/location", nulls)


@_record
class Profile:
    """Whom an event is about.

    At least one of `email`, `phone_number`, `external_id` and `id` must be given. Everything that
    is no identifier updates the profile, also when the event itself is old.

    Attributes:
        email: the address, at most 100 characters.
        phone_number: E.164, such as +15005550006.
        external_id: a key of yours, at most 255 characters.
        id: Klaviyo's own key, not yours.
        anonymous_id: what an anonymous visitor is known by.
        kx: goes out as `_kx`.
        first_name: a profile attribute.
        last_name: a profile attribute.
        organization: a profile attribute.
        locale: the language and region, such as en-GB.
        title: a profile attribute.
        image: the URL of a picture.
        location: where the person is.
        properties: of the profile, under names of your own.
        append: values to add to array properties.
        unappend: values to take out of array properties.
        unset: names of properties to remove.
        append_identifiers: secondary identifiers to add.
        unappend_identifiers: secondary identifiers to take out.
        patch_properties: NULL, or what the three above make.
        patch_identifiers: NULL, or what the two above make.
        meta: NULL, or what the patches make.
    """

    email: Text = None
    phone_number: Text = None
    external_id: Identifier = None
    id: Identifier = None
    anonymous_id: Identifier = None
    kx: Text = None
    first_name: Text = None
    last_name: Text = None
    organization: Text = None
    locale: Text = None
    title: Text = None
    image: Text = None
    location: Location | Null | None = None
    properties: Properties | Null | None = None
    append: Properties | Null | None = None
    unappend: Properties | Null | None = None
    unset: str | Sequence[str] | Null | None = None
    append_identifiers: Properties | None = None
    unappend_identifiers: Properties | None = None
    patch_properties: Null | None = None
    patch_identifiers: Null | None = None
    meta: Null | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any], *, nulls: bool = False) -> Self:
        """Read the record form, in which `_kx` is allowed for `kx`; with `nulls`, a null is sent.

        Raises RecordError for a field that does not exist.
        """
        if "_kx" in record:
            record = {"kx" if key == "_kx" else key: value for key, value in record.items()}
        location = record.get("location")
        if isinstance(location, Mapping):
            record = {**record, "location": Location.from_record(location, nulls=nulls)}
        return _read(cls, record, "/profile", nulls)


@_record
class Event:
    """One event.

    Attributes:
        metric: the name of what happened; a metric can never be deleted.
        profile: to whom.
        properties: whatever else is known of it.
        time: an aware datetime or ISO 8601 text; left out, it is stamped when the event is taken
            in.
        value: its worth, such as an order's total.
        value_currency: the ISO 4217 code of the value's currency.
        unique_id: best a business key (an order line's number): Klaviyo keeps one event for each
            profile, metric and `unique_id`. Left out, it is derived from the content.
        backfill: true records the event without firing flows; left out, the call says it.
        metric_service: the service that the metric is of.
    """

    metric: str
    profile: Profile
    properties: Properties | None = None
    time: Time = None
    value: Number = None
    value_currency: Text = None
    unique_id: UniqueId = None
    backfill: bool | None = None
    metric_service: Text = None

    @classmethod
    def from_record(
        cls,
        record: Mapping[str, Any],
        *,
        rest_as_properties: bool = False,
        nulls: bool = False,
    ) -> Self:
        """Read the record form, nested or with dotted names (`profile.email`).

        A null means "not given"; with `nulls` it is sent as null. With `rest_as_properties`,
        fields that don't exist become properties. Raises RecordError for a field that does not
        exist or has the wrong shape.
        """
        record = fields_of(record, rest_as_properties=rest_as_properties)
        profile = record.get("profile")
        if isinstance(profile, Mapping):
            record = {**record, "profile": Profile.from_record(profile, nulls=nulls)}
        elif profile is not None and not isinstance(profile, Profile):
            raise RecordError(Problem("/profile", "wrong_type", "profile must be an object"))
        return _read(cls, record, "", nulls)


def _names(cls: Any) -> frozenset[str]:
    return frozenset(field.name for field in attrs.fields(cls))


def _nullable(cls: Any) -> frozenset[str]:
    return frozenset(field.name for field in attrs.fields(cls) if Null in get_args(field.type))


EVENT_FIELDS: Final = _names(Event)
PROFILE_FIELDS: Final = _names(Profile)
LOCATION_FIELDS: Final = _names(Location)
_FIELDS: Final = {Event: EVENT_FIELDS, Profile: PROFILE_FIELDS, Location: LOCATION_FIELDS}
_NULLABLE: Final = {cls: _nullable(cls) for cls in _FIELDS}


def fields_of(
    record: Mapping[str, Any], *, rest_as_properties: bool = False, nulls: bool = False
) -> Mapping[str, Any]:
    """The fields of an event in record form, of which only the names are checked.

    Raises RecordError for a field that does not exist.
    """
    if not EVENT_FIELDS.issuperset(record):
        record = nested(record)
        if rest_as_properties:
            record = with_rest(record, EVENT_FIELDS)
        check_names(record, EVENT_FIELDS, "")
    return _with_nulls(record) if nulls else record


def _with_nulls(record: Mapping[str, Any]) -> dict[str, Any]:
    """NULL for every None that the spec takes, in the event, its profile and its location."""
    fields = _nulled(record, Event)
    profile = fields.get("profile")
    if isinstance(profile, Mapping):
        fields["profile"] = profile = _nulled(profile, Profile)
        location = profile.get("location")
        if isinstance(location, Mapping):
            profile["location"] = _nulled(location, Location)
    return fields


def _nulled(record: Mapping[str, Any], cls: type) -> dict[str, Any]:
    nullable = _NULLABLE[cls]
    return {
        name: NULL if value is None and name in nullable else value
        for name, value in record.items()
    }


def check_names(record: Mapping[str, Any], known: frozenset[str], pointer: str) -> None:
    """Raises RecordError for a field whose name is not known."""
    if known.issuperset(record):
        return
    if not all(isinstance(name, str) for name in record):
        raise RecordError(Problem(pointer, "keys_not_text", "every key must be text"))
    raise unknown_fields(set(record) - known, known, pointer)


def _read(cls: type[_Record], record: Mapping[str, Any], pointer: str, nulls: bool) -> _Record:
    check_names(record, _FIELDS[cls], pointer)
    return cls(**(_nulled(record, cls) if nulls else record))
