"""The fields of a profile, read and checked."""

import re
from collections.abc import Collection, Mapping
from datetime import tzinfo
from enum import Enum
from typing import Any, Final
from uuid import UUID

from klaviyo_bulk_events import identifiers, values
from klaviyo_bulk_events.limits import (
    EMAIL_LENGTH,
    EXTERNAL_ID_LENGTH,
    PROFILE_BYTES,
    STRING_BYTES,
)
from klaviyo_bulk_events.problems import Problem, RecordError, below
from klaviyo_bulk_events.records import LOCATION_FIELDS, NULL, Location, check_names

# Their order is that of an identity's bytes, which derived unique_ids are made of: it stays.
SUFFICIENT: Final = ("id", "email", "phone_number", "external_id")
# The same, the strongest first.
PRECEDENCE: Final = ("id", "external_id", "email", "phone_number")
IDENTIFIERS: Final = (*SUFFICIENT, "anonymous_id", "kx")
_NAMES: Final = (*IDENTIFIERS, "_kx")
_BESIDE_EMAIL: Final = frozenset(IDENTIFIERS) - {"email"}
_KEYS: Final = frozenset({"id", "external_id", "anonymous_id"})
_TEXTS: Final = frozenset(
    {
        "email",
        "phone_number",
        "kx",
        "first_name",
        "last_name",
        "organization",
        "locale",
        "title",
        "image",
    }
)
# What goes out as it stands if it is text: `id` and `kx` have another place or name there.
_PLAIN: Final = frozenset({*_TEXTS, "external_id", "anonymous_id", "location"}) - {"kx"}
_LONGEST_EMAIL: Final = EMAIL_LENGTH.value
_LONGEST_PLAIN: Final = min(PROFILE_BYTES.value // 2, STRING_BYTES.value)
_NOWHERE: Final[dict[str, Any]] = {}
_COORDINATES: Final = frozenset({"latitude", "longitude"})
PATCHES: Final = {
    "append": ("patch_properties", "append"),
    "unappend": ("patch_properties", "unappend"),
    "unset": ("patch_properties", "unset"),
    "append_identifiers": ("patch_identifiers", "append"),
    "unappend_identifiers": ("patch_identifiers", "unappend"),
}
_PATCH_GROUPS: Final = ("patch_properties", "patch_identifiers")
_NULLABLE_PATCHES: Final = frozenset({"append", "unappend", "unset"})
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_E_164: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_TEST_DOMAINS: Final = ("@example.com", "@test.com")


def are_plain(fields: Mapping[str, Any], content: bytes) -> bool:
    """Whether `content`, the JSON of these fields, is the attributes' bytes as it stands.

    It is if there is nothing but texts, as in most profiles: then reading them one by one would
    change nothing. Half of the profile's limit leaves room for what stands around them. False
    proves nothing, nor does it if `content` is empty.
    """
    location = fields.get("location", _NOWHERE)
    places = vars(location) if type(location) is Location else location
    if type(places) is not dict:
        return False
    inside = [*fields.values(), *places.values()]
    others = 0 if location is _NOWHERE else 1
    return (
        0 < len(content) <= _LONGEST_PLAIN
        and _PLAIN.issuperset(fields)
        and LOCATION_FIELDS.issuperset(places)
        and all(inside)
        and list(map(type, inside)).count(str) + others == len(inside)
    )


def person_by_email(fields: Mapping[str, Any]) -> str | None:
    """Whom plain fields name, if only by an address of which there is nothing to say.

    Most profiles do. None proves nothing.
    """
    email = fields.get("email")
    if email is None or not _BESIDE_EMAIL.isdisjoint(fields):
        return None
    text = email.casefold()
    is_sound = (
        len(email) <= _LONGEST_EMAIL
        and not text.endswith(_TEST_DOMAINS)
        and _EMAIL.fullmatch(email) is not None
    )
    return f"{len(text)} {text}" if is_sound else None


def person(named: Mapping[str, str]) -> str:
    """The strongest identifier, after its length; addresses are the same in either case."""
    for name in PRECEDENCE:
        if value := named.get(name):
            break
    text = named[name].casefold() if name == "email" else f"{name} {value}"
    return f"{len(text)} {text}"


def spelt(identifier: str) -> str:
    """An identifier as it is compared: what is an address is the same in either case."""
    return identifier.casefold() if "@" in identifier else identifier


def identifiers_of(profile: Mapping[str, Any]) -> frozenset[str]:
    """All identifiers of a profile, as they are compared."""
    given = map(profile.get, _NAMES)
    return frozenset(spelt(str(value)) for value in given if value is not None)


class ProfileFields:
    """Reads the fields of one profile, noting what is wrong with them."""

    def __init__(self, local: tzinfo | None) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._local = local

    def read(self, fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """The given attributes and patches as plain JSON values; patches None are sent as null."""
        attributes: dict[str, Any] = {}
        meta: dict[str, Any] = {}
        for name, value in fields.items():
            if value is None:
                continue
            if name in PATCHES:
                group, patch = PATCHES[name]
                meta.setdefault(group, {})[patch] = self._patch(name, value)
            elif name in _PATCH_GROUPS or name == "meta":
                self._check_null(name, value)
            else:
                attributes[name] = None if value is NULL else self._attribute(name, value)
        return attributes, self._with_nulls(meta, fields)

    def _check_null(self, name: str, value: Any) -> None:
        if value is not NULL:
            message = f"{name} can only be null: say {', '.join(PATCHES)} themselves"
            self._refuse(f"/profile/{name}", "only_null", message)

    def _with_nulls(self, meta: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any] | None:
        for group in _PATCH_GROUPS:
            if fields.get(group) is not None:
                self._check_alone(group, meta.get(group))
                meta[group] = None
        if fields.get("meta") is None:
            return meta
        self._check_alone("meta", meta)
        return None

    def _check_alone(self, name: str, inside: object) -> None:
        if inside:
            message = f"{name} is null, and something that it holds is given too"
            self._refuse(f"/profile/{name}", "given_twice", message)

    def identified(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The identifiers, checked: somebody is named, in the forms that the server takes."""
        named = {name: attributes[name] for name in IDENTIFIERS if name in attributes}
        email = named.get("email")
        if not (email or any(map(named.get, SUFFICIENT)) or self._were_refused(SUFFICIENT)):
            message = f"a profile needs one of {', '.join(SUFFICIENT)}"
            self._refuse("/profile", "missing_identifier", message)
        email_is_valid = email is not None and self._check_email(email)
        if len(named) > 1 or email is None:
            self._check_others(named, email_is_valid=email_is_valid)
        return named

    def _were_refused(self, names: Collection[str]) -> bool:
        return any(problem.pointer == f"/profile/{n}" for problem in self.problems for n in names)

    def _check_email(self, email: str) -> bool:
        if not _EMAIL.fullmatch(email):
            self._refuse("/profile/email", "invalid_email", "this is no email address")
            return False
        if len(email) > _LONGEST_EMAIL:
            message = f"an email address is limited to {_LONGEST_EMAIL} characters"
            self._refuse("/profile/email", "email_too_long", message)
            return False
        if email.lower().endswith(_TEST_DOMAINS):
            message = "the server drops events for addresses at example.com and test.com"
            self.warnings.append(Problem("/profile/email", "test_address", message))
        return True

    def _check_others(self, named: Mapping[str, Any], *, email_is_valid: bool) -> None:
        if (phone := named.get("phone_number")) is not None:
            self._check_phone(phone, email_is_valid)
        external_id = named.get("external_id")
        if external_id is not None and len(external_id) > EXTERNAL_ID_LENGTH.value:
            message = f"external_id is limited to {EXTERNAL_ID_LENGTH.value} characters"
            self._refuse("/profile/external_id", "external_id_too_long", message)
        for name in filter(_KEYS.__contains__, named):
            warning = identifiers.float_warning(named[name], f"/profile/{name}")
            self.warnings += [warning] if warning else []

    def _check_phone(self, phone: str, email_is_valid: bool) -> None:
        if _E_164.fullmatch(phone):
            return
        message = "a phone number is written in E.164: a plus, the country's code and digits only"
        problem = Problem("/profile/phone_number", "invalid_phone_number", message)
        # The server refuses an invalid number only where no valid address stands beside it.
        (self.warnings if email_is_valid else self.problems).append(problem)

    def _attribute(self, name: str, value: Any) -> Any:
        pointer = f"/profile/{name}"
        if name in _KEYS:
            return self._collect(identifiers.as_text, value, pointer)
        if name == "location":
            return self._location(value)
        if name == "properties":
            return self._object(value, pointer)
        return self._text(value, pointer)

    def _location(self, location: Any) -> Any:
        if isinstance(location, Location):
            location = vars(location)
        elif isinstance(location, Mapping):
            self._collect(check_names, location, LOCATION_FIELDS, "/profile/location")
        else:
            return self._refuse("/profile/location", "wrong_type", "location must be a Location")
        return {
            name: self._place(value, name) for name, value in location.items() if value is not None
        }

    def _place(self, value: Any, name: str) -> Any:
        if value is NULL:
            return None
        pointer = f"/profile/location/{name}"
        if name in _COORDINATES and not isinstance(value, str | UUID | Enum):
            return self._collect(values.number, value, pointer)
        return self._text(value, pointer)

    def _patch(self, name: str, value: Any) -> Any:
        pointer = f"/profile/{name}"
        if value is NULL and name in _NULLABLE_PATCHES:
            return None
        if name != "unset":
            return self._object(value, pointer)
        if isinstance(value, list | tuple):
            return [self._text(item, below(pointer, n)) for n, item in enumerate(value)]
        if isinstance(value, str | UUID | Enum):
            return self._text(value, pointer)
        return self._refuse(pointer, "wrong_type", "unset takes a name or a list of names")

    def _object(self, value: Any, pointer: str) -> Any:
        if isinstance(value, Mapping):
            return self._collect(values.walked, value, pointer, self._local)
        kind = type(value).__name__
        return self._refuse(pointer, "wrong_type", f"this must be an object, not {kind}")

    def _text(self, value: Any, pointer: str) -> Any:
        return self._collect(values.text, value, pointer)

    def _collect(self, read: Any, *arguments: Any) -> Any:
        try:
            return read(*arguments)
        except RecordError as error:
            self.problems.extend(error.problems)
            return None

    def _refuse(self, pointer: str, code: str, message: str) -> Any:
        """Note a problem; what it returns stands in for the value and is never sent."""
        self.problems.append(Problem(pointer, code, message))
        return None
