"""Who a profile is, by what was sent of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from klaviyo_bulk_events.emulator.memory import IDENTIFIERS, OTHER_IDENTIFIERS
from klaviyo_bulk_events.emulator.refusals import Flaw, Path
from klaviyo_bulk_events.limits import PROFILE_BYTES

_PHONE: Final = re.compile(r"\+[1-9][0-9]{1,14}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DROPPED_DOMAINS: Final = ("@example.com", "@test.com")


def identifiers(profile: Mapping[str, Any]) -> dict[str, str]:
    """The identifiers that were given and aren't empty; last, those that don't suffice alone."""
    given = {"id": profile.get("id"), **profile["attributes"]}
    names = (*IDENTIFIERS, *OTHER_IDENTIFIERS)
    return {name: value for name in names if (value := given.get(name))}


def updates(profile: Mapping[str, Any]) -> dict[str, Any]:
    """What is no identifier: attributes, and `meta` with its patches."""
    known = (*IDENTIFIERS, *OTHER_IDENTIFIERS)
    attributes = profile["attributes"].items()
    found = {name: value for name, value in attributes if name not in known}
    return {**found, "meta": profile["meta"]} if "meta" in profile else found


def is_dropped(given: Mapping[str, str]) -> bool:
    """Whether the address is one that Klaviyo answers 202 to and drops."""
    return given.get("email", "").lower().endswith(_DROPPED_DOMAINS)


def flaws(profile: Mapping[str, Any], given: Mapping[str, str], path: Path) -> Iterator[Flaw]:
    """What is wrong with a profile that the schema has nothing against."""
    if not any(name in given for name in IDENTIFIERS):
        detail = f"A profile needs one of {', '.join(IDENTIFIERS)}."
        yield Flaw(detail, (*path, "attributes"))
    phone = given.get("phone_number")
    if phone and not _PHONE.fullmatch(phone) and not _EMAIL.fullmatch(given.get("email", "")):
        detail = "The phone number is not in E.164 format, and there is no valid email."
        yield Flaw(detail, (*path, "attributes", "phone_number"))
    if len(orjson.dumps(profile)) > PROFILE_BYTES.value:
        yield Flaw(f"A profile must not exceed {PROFILE_BYTES.value} bytes.", path)
