"""What a caller hands in: events, with their profiles.

A field that is not given, or `None`, is left out of the bytes; `NULL` is sent as null, which may
clear what the server holds.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Self, TypeAlias, TypeVar, cast, dataclass_transform
from uuid import UUID

import attrs

from klaviyo_bulk_events.problems import Problem, RecordError, unknown_fields
from klaviyo_bulk_events.record_form import nested, with_rest


class Null(Enum):
    """The type of `NULL`."""

    NULL = None

    def __repr__(self) -> str:
        return "NULL"


NULL: Final = Null.NULL
"""Sent as null where `None` would be left out."""

Text: TypeAlias = str | Null | None
Identifier: TypeAlias = str | int | float | Decimal | UUID | Null | None
Time: TypeAlias = datetime | date | str | int | float | Null | None
Number: TypeAlias = int | float | Decimal | Null | None
Properties: TypeAlias = Mapping[str, Any]

_Record = TypeVar("_Record")


@dataclass_transform(kw_only_default=True, frozen_default=True)
def _record(cls: type[_Record]) -> type[_Record]:
    """A frozen attrs class that says which field a misspelt one was meant to be.

    Its `__init__` is what attrs generates, and catches unknown names on the way: to catch them
    around attrs' own would double what an event costs.
    """
    frozen: Any = attrs.define(cls, frozen=True, slots=False, init=False)
    fields = attrs.fields(frozen)
    names = [field.name for field in fields]
    given = (
        name if f.default is attrs.NOTHING else f"{name}=None"
        for name, f in zip(names, fields, strict=True)
    )
    source = "\n".join(
        [
            f"def __init__(self, *, {', '.join(given)}, **misspelt):",
            "    if misspelt:",
            "        raise unknown_fields(misspelt, names)",
            "    fields = self.__dict__",
            *(f"    fields[{name!r}] = {name}" for name in names),
        ]
    )
    scope: dict[str, Any] = {"names": names, "unknown_fields": unknown_fields}
    exec(source, scope)  # noqa: S102 - as attrs does
    frozen.__init__ = scope["__init__"]
    return cast(type[_Record], frozen)


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

    At least one of `email`, `phone_number`, `external_id` and `id` must be given. `id` is
    Klaviyo's own key; a key of yours is `external_id`. `kx` goes out as `_kx`. Everything that is
    no identifier updates the profile, also when the event itself is old.

    `append` and `unappend` add values to and remove values from array properties, `unset` removes
    properties; `append_identifiers` and `unappend_identifiers` do so with secondary identifiers.
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

    `time` is an aware datetime or ISO 8601 text; left out, it is stamped when the event is taken
    in. `unique_id` is best a business key (an order line's number): Klaviyo keeps one event for
    each profile, metric and `unique_id`. Left out, it is derived from the content. `backfill`
    true records the event without firing flows.
    """

    metric: str
    profile: Profile
    properties: Properties | None = None
    time: Time = None
    value: Number = None
    value_currency: Text = None
    unique_id: Identifier = None
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


EVENT_FIELDS: Final = _names(Event)
PROFILE_FIELDS: Final = _names(Profile)
LOCATION_FIELDS: Final = _names(Location)
_NESTED: Final = frozenset({"profile", "location"})


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
    """NULL for every None in a field of the event, its profile or its location."""
    return {name: _with_null(name, value) for name, value in record.items()}


def _with_null(name: str, value: Any) -> Any:
    if name in _NESTED and isinstance(value, Mapping):
        return _with_nulls(value)
    return NULL if value is None else value


def check_names(record: Mapping[str, Any], known: Collection[str], pointer: str) -> None:
    """Raises RecordError for a field whose name is not known."""
    if isinstance(known, frozenset) and known.issuperset(record):
        return
    if not all(isinstance(name, str) for name in record):
        raise RecordError(Problem(pointer, "keys_not_text", "every key must be text"))
    unknown = [name for name in record if name not in known]
    if unknown:
        raise unknown_fields(unknown, known, pointer)


def _read(cls: type[_Record], record: Mapping[str, Any], pointer: str, nulls: bool) -> _Record:
    fields = attrs.fields(cast(Any, cls))
    check_names(record, [field.name for field in fields], pointer)
    for field in fields:
        if field.default is attrs.NOTHING and field.name not in record:
            message = f"{field.name} must be given"
            raise RecordError(Problem(f"{pointer}/{field.name}", "missing_field", message))
    return cls(**(_with_nulls(record) if nulls else record))
