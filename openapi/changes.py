"""What changes for a sender from one revision of the spec to the next.

Of the tools on PyPI that compare OpenAPI documents none knows a limit that stands in prose.
"""

from collections.abc import Iterator

from openapi import limits
from openapi.change import Change
from openapi.errors import GenerationError
from openapi.field_changes import field_changes, text_changes
from openapi.fields import content_type, fields
from openapi.sentences import Rate, Reading
from openapi.spec import Json, operation

# Limits that say the least that goes, not the most.
_LOWER_BOUNDS = ("EARLIEST_YEAR",)


def changes(old: Json, new: Json) -> list[Change]:
    """Every difference that a sender could notice, the breaking ones first."""
    found = [
        *_endpoint(old, new),
        *_limits(old, new),
        *field_changes(fields(old), fields(new)),
        *text_changes("the operation", _description(old), _description(new)),
    ]
    return sorted(found, key=lambda change: (not change.breaking, change.kind, change.text))


def _description(spec: Json) -> str:
    return str(operation(spec).body.get("description", ""))


def _endpoint(old: Json, new: Json) -> Iterator[Change]:
    before, after = _facts(old), _facts(new)
    for kind, fact in before.items():
        if fact != after[kind]:
            yield Change(True, kind, f"{fact} -> {after[kind]}")


def _facts(spec: Json) -> dict[str, str]:
    path, method, body = operation(spec)
    headers = [
        f"{parameter.get('name', parameter.get('$ref'))} "
        f"({'required' if parameter.get('required') else 'optional'})"
        for parameter in body.get("parameters", ())
    ]
    return {
        "path": f"{method.upper()} {path}",
        "media": content_type(spec),
        "headers": ", ".join(sorted(headers)),
        "answers": ", ".join(sorted(body["responses"])),
        "security": str(body.get("security", spec.get("security"))),
    }


def _limits(old: Json, new: Json) -> Iterator[Change]:
    after = limits.read(new)
    try:
        before = limits.read(old)
    except GenerationError as error:
        yield Change(False, "limit", f"those of the former spec can't be read any more: {error}")
        return
    for name, reading in after.items():
        if before[name].value != reading.value:
            yield _limit(before[name], reading)


def _limit(old: Reading, new: Reading) -> Change:
    kind, breaking = _judged(old, new)
    return Change(breaking, kind, f"{old.name} {_said(old)} -> {_said(new)}")


def _judged(old: Reading, new: Reading) -> tuple[str, bool]:
    match old.value, new.value:
        case Rate() as before, Rate() as after:
            return "rate", after.limit < before.limit or after.seconds > before.seconds
        case int() as before, int() as after:
            return "limit", after > before if old.name in _LOWER_BOUNDS else after < before
        case tuple() as before, tuple() as after:
            return "scope", not set(after) <= set(before)
    return old.name.lower(), old.name != "REVISION"


def _said(reading: Reading) -> str:
    match reading.value:
        case Rate(limit, seconds):
            return f"{limit} in {seconds:g} s"
        case tuple() as scopes:
            return ", ".join(scopes)
    return str(reading.value)
