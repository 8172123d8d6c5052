"""A profile's bytes, with what identifies it."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final, TypeVar

import orjson
from attrs import define

from klaviyo_bulk_events import profile_fields, shape, values
from klaviyo_bulk_events.limits import PROFILE_BYTES
from klaviyo_bulk_events.problems import Problem, RecordError, missing_field
from klaviyo_bulk_events.profile_fields import ProfileFields
from klaviyo_bulk_events.records import PROFILE_FIELDS, Location, Profile, check_names

# Their values can be changed behind the back of a profile that can't.
_CHANGEABLE: Final = frozenset(
    {"properties", "append", "unappend", "unset", "append_identifiers", "unappend_identifiers"}
)
_REMEMBERED: Final = 10_000
_LONGEST_REMEMBERED: Final = 2_000
_OVERWRITES: Final = Problem(
    "/profile",
    "profile_overwritten",
    "a backfill's profile attributes overwrite newer values: "
    "profile_updates=False (--no-profile-updates) sends identifiers alone",
)
_OVERWRITTEN: Final = (_OVERWRITES,)
"""One for all: what profiles share is counted at once."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_ATTRIBUTES: Final = shape.profile_attributes()


@define
class EncodedProfile:
    """A profile ready to go.

    `opening` are the bytes that open its entry in a request; equal ones are one entry. `named` are
    all of its identifiers. `person` is the strongest of them alone, after its length, by which
    entries are found that the server may take for one profile.
    """

    opening: bytes
    named: Mapping[str, Any]
    person: str
    warnings: tuple[Problem, ...]

    @property
    def identity(self) -> str:
        """All identifiers in one text, which derived ids are made of."""
        return orjson.dumps(self.named).decode()


class ProfileEncoder:
    """Encodes profiles for events of one flag, remembering those it met: customers come again.

    With `updates` false only identifiers go out. Naive datetimes are times in `local`.
    """

    def __init__(
        self, local: tzinfo | None = None, *, backfill: bool, updates: bool = True
    ) -> None:
        self._local = local
        self._backfill = backfill
        self._updates = updates
        self._before, after = shape.profile_entry(backfill=backfill)
        self._after = after.head
        self._contents: dict[bytes, EncodedProfile] = {}
        # By id, with the profile, which keeps its id from becoming another's.
        self._objects: dict[int, tuple[Profile, EncodedProfile]] = {}

    def encode(self, profile: Profile | Mapping[str, Any] | None) -> EncodedProfile:
        """The bytes of a profile, or of its record form. Raises RecordError."""
        known = self._objects.get(id(profile))
        if known is not None:
            return known[1]
        fields = _fields(profile)
        content = _json(fields)
        encoded = self._contents.get(content)
        if encoded is None:
            is_plain = self._updates and profile_fields.are_plain(fields, content)
            encoded = self._plain(fields, content) if is_plain else self._read(fields)
            if not (is_plain or _is_memorable(content)):
                return encoded
            # A copy lets go of orjson's buffer, which is several times as large.
            _remember(self._contents, b"".join((content, b"")), encoded)
        if type(profile) is Profile and _is_constant(fields):
            _remember(self._objects, id(profile), (profile, encoded))
        return encoded

    def _plain(self, attributes: Mapping[str, Any], content: bytes) -> EncodedProfile:
        """A profile whose attributes go out as they stand."""
        data = (self._before, _ATTRIBUTES.head, content, _ATTRIBUTES.tail, self._after)
        opening = b"".join(data)
        person = profile_fields.person_by_email(attributes)
        if person is not None:
            named = {"email": attributes["email"]}
            warnings = _OVERWRITTEN if self._backfill and len(attributes) > 1 else ()
            return EncodedProfile(opening, named, person, warnings)
        fields = ProfileFields(self._local)
        named = fields.identified(attributes)
        if fields.problems:
            raise RecordError(*fields.problems)
        overwrites = self._backfill and len(attributes) > len(named)
        return _encoded(fields, named, opening, overwrites=overwrites)

    def _read(self, given: Mapping[str, Any]) -> EncodedProfile:
        """A profile whose attributes have to be looked at one by one."""
        fields = ProfileFields(self._local)
        attributes, meta = fields.read(given)
        named = fields.identified(attributes)
        if fields.problems:
            raise RecordError(*fields.problems)
        data = _resource(attributes, meta) if self._updates else _resource(named, {})
        overwrites = self._backfill and self._updates and (meta or len(attributes) > len(named))
        opening = b"".join((self._before, data, self._after))
        return _encoded(fields, named, opening, overwrites=bool(overwrites))


def _encoded(
    fields: ProfileFields, named: Mapping[str, Any], opening: bytes, *, overwrites: bool
) -> EncodedProfile:
    if overwrites:
        fields.warnings.append(_OVERWRITES)
    return EncodedProfile(opening, named, profile_fields.person(named), tuple(fields.warnings))


def _fields(profile: Profile | Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The fields that are given."""
    if isinstance(profile, Profile):
        return vars(profile)
    if type(profile) is dict or isinstance(profile, Mapping):
        return _known(profile)
    if profile is None:
        raise missing_field("profile")
    kind = type(profile).__name__
    raise RecordError(Problem("/profile", "wrong_type", f"this must be a profile, not {kind}"))


def _known(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record once its names are checked; `_kx` is allowed for `kx`."""
    if "_kx" in record:
        record = {"kx" if name == "_kx" else name: value for name, value in record.items()}
    check_names(record, PROFILE_FIELDS, "/profile")
    return record


def _is_constant(fields: Mapping[str, Any]) -> bool:
    location = fields.get("location")
    return _CHANGEABLE.isdisjoint(fields) and (location is None or type(location) is Location)


def _json(fields: Mapping[str, Any]) -> bytes:
    """The fields as they stand; empty if only a walk makes them plain."""
    location = fields.get("location")
    if type(location) is Location:  # anywhere else, one is refused
        fields = {**fields, "location": vars(location)}
    try:
        return orjson.dumps(fields, None, values.PLAIN)
    except TypeError:  # orjson.JSONEncodeError is one
        return b""


def _is_memorable(content: bytes) -> bool:
    """None, NULL and NaN all look like null; long ones would fill the memory."""
    return 0 < len(content) <= _LONGEST_REMEMBERED and b"null" not in content


def _remember(memory: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value


def _resource(attributes: Mapping[str, Any], meta: Mapping[str, Any] | None) -> bytes:
    resource = dict(attributes)
    key = resource.pop("id", None)
    if "kx" in resource:
        resource["_kx"] = resource.pop("kx")
    data = orjson.dumps(shape.profile(key, resource, meta))
    if len(data) > PROFILE_BYTES.value:
        message = f"a profile is limited to {PROFILE_BYTES.value:,} bytes, this has {len(data):,}"
        raise RecordError(Problem("/profile", "profile_too_large", message))
    return data
