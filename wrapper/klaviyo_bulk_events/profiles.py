"""A profile's bytes, with what identifies it."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final, TypeVar

import orjson
from attrs import define

from klaviyo_bulk_events import shape, values
from klaviyo_bulk_events.limits import PROFILE_BYTES
from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.profile_fields import SUFFICIENT, ProfileFields
from klaviyo_bulk_events.records import PROFILE_FIELDS, Location, Profile, check_names

IDENTIFIERS: Final = (*SUFFICIENT, "anonymous_id", "kx")
# Their values can be changed behind the back of a profile that can't.
_CHANGEABLE: Final = frozenset(
    {"properties", "append", "unappend", "unset", "append_identifiers", "unappend_identifiers"}
)
_REMEMBERED: Final = 10_000
_OVERWRITES: Final = Problem(
    "/profile",
    "profile_overwritten",
    "a backfill's profile attributes overwrite newer values: "
    "profile_updates=False (--no-profile-updates) sends identifiers alone",
)

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_BEFORE_LIVE, _AFTER_LIVE = shape.profile_entry(backfill=False)
_BEFORE_BACKFILL, _AFTER_BACKFILL = shape.profile_entry(backfill=True)


@define
class EncodedProfile:
    """A profile ready to go.

    `live` and `backfill` open an entry of either kind; equal bytes are one entry of a request.
    """

    identity: str
    live: bytes
    backfill: bytes
    live_warnings: tuple[Problem, ...]
    backfill_warnings: tuple[Problem, ...]


class ProfileEncoder:
    """Encodes profiles, remembering those it met: a shop's customers come again.

    With `updates` false only identifiers go out. Naive datetimes are times in `local`.
    """

    def __init__(self, local: tzinfo | None = None, *, updates: bool = True) -> None:
        self._local = local
        self._updates = updates
        self._contents: dict[bytes, EncodedProfile] = {}
        self._objects: dict[int, tuple[Profile, EncodedProfile]] = {}

    def encode(self, profile: Profile | Mapping[str, Any] | None) -> EncodedProfile:
        """The bytes of a profile, or of its record form. Raises RecordError."""
        known = self._objects.get(id(profile))
        if known is not None and known[0] is profile:
            return known[1]
        return self._by_content(profile)

    def _by_content(self, profile: Profile | Mapping[str, Any] | None) -> EncodedProfile:
        fields = _given(profile)
        try:
            fingerprint = orjson.dumps(fields, _place, values.PLAIN)
        except TypeError:  # something that only a walk makes plain
            return self._encode(fields)
        encoded = self._contents.get(fingerprint)
        if encoded is None:
            encoded = self._encode(fields)
            if b"null" not in fingerprint:  # what None, NULL and NaN all look like
                _remember(self._contents, fingerprint, encoded)
        if isinstance(profile, Profile) and _CHANGEABLE.isdisjoint(fields):
            _remember(self._objects, id(profile), (profile, encoded))
        return encoded

    def _encode(self, record: Mapping[str, Any]) -> EncodedProfile:
        fields = ProfileFields(self._local)
        attributes, meta = fields.read(record)
        named = _identifiers(attributes)
        fields.identify(named)
        if fields.problems:
            raise RecordError(*fields.problems)
        updates = self._updates and bool(meta or len(attributes) > len(named))
        if not self._updates:
            attributes, meta = dict(named), {}
        data = _encoded(attributes, meta)
        return EncodedProfile(
            identity=orjson.dumps(named).decode(),
            live=_BEFORE_LIVE + data + _AFTER_LIVE.head,
            backfill=_BEFORE_BACKFILL + data + _AFTER_BACKFILL.head,
            live_warnings=tuple(fields.warnings),
            backfill_warnings=(*fields.warnings, *([_OVERWRITES] if updates else ())),
        )


def _given(profile: Profile | Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The fields that are given."""
    if isinstance(profile, Profile):
        return {name: value for name, value in vars(profile).items() if value is not None}
    if isinstance(profile, Mapping):
        return _known(profile)
    if profile is None:
        raise RecordError(Problem("/profile", "missing_field", "profile must be given"))
    kind = type(profile).__name__
    raise RecordError(Problem("/profile", "wrong_type", f"this must be a profile, not {kind}"))


def _identifiers(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: attributes[name] for name in IDENTIFIERS if name in attributes}


def _known(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record once its names are checked; `_kx` is allowed for `kx`."""
    if "_kx" in record:
        record = {"kx" if name == "_kx" else name: value for name, value in record.items()}
    check_names(record, PROFILE_FIELDS, "/profile")
    return record


def _place(value: object) -> dict[str, Any]:
    if isinstance(value, Location):
        return {name: part for name, part in vars(value).items() if part is not None}
    raise TypeError


def _remember(memory: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value


def _encoded(attributes: dict[str, Any], meta: dict[str, Any]) -> bytes:
    key = attributes.pop("id", None)
    if "kx" in attributes:
        attributes["_kx"] = attributes.pop("kx")
    data = orjson.dumps(shape.profile(key, attributes, meta))
    if len(data) > PROFILE_BYTES.value:
        message = f"a profile is limited to {PROFILE_BYTES.value:,} bytes, this has {len(data):,}"
        raise RecordError(Problem("/profile", "profile_too_large", message))
    return data
