"""What a JSON schema can say of a request: Klaviyo's own schema, and the limits on top of it."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from jsonschema_rs import Draft202012Validator, ValidationError

from klaviyo_bulk_events.emulator.openapi import request_schema
from klaviyo_bulk_events.emulator.refusals import Flaw
from klaviyo_bulk_events.limits import (
    ARRAY_ITEMS,
    EMAIL_LENGTH,
    EVENT_PROPERTIES,
    EXTERNAL_ID_LENGTH,
    LARGEST_INTEGER,
    METRIC_NAME_LENGTH,
    NESTING_LEVELS,
    SMALLEST_INTEGER,
    STRING_BYTES,
    UNIQUE_ID_LENGTH,
)

_BYTES_PER_CHARACTER: Final = 4
# A sentence quotes the value first and says last what is wrong with it.
_QUOTED_LENGTH: Final = 100
_REASON_LENGTH: Final = 100

Schema = dict[str, Any]

# JSON Schema counts characters and knows no difference between 1e19 and 10000000000000000000:
# what these two find is looked at once more, in `_stands`.
_TEXT: Final[Schema] = {"maxLength": STRING_BYTES.value // _BYTES_PER_CHARACTER}
_INTEGER: Final[Schema] = {"maximum": LARGEST_INTEGER.value, "minimum": SMALLEST_INTEGER.value}


def flaws(document: Any) -> list[Flaw]:
    """Whatever in the document breaks the schema or a limit: one flaw for each place."""
    if _validator().is_valid(document):
        return []
    errors = [error for error in _validator().iter_errors(document) if _stands(error)]
    places = {tuple(error.instance_path): _sentence(error.message) for error in errors}
    return [Flaw(detail, path) for path, detail in places.items()]


def _sentence(message: str) -> str:
    if len(message) <= _QUOTED_LENGTH + _REASON_LENGTH:
        return message
    return f"{message[:_QUOTED_LENGTH]} … {message[-_REASON_LENGTH:]}"


@cache
def _validator() -> Draft202012Validator:
    schema = request_schema()
    levels = {f"level{level}": _value(level) for level in range(NESTING_LEVELS.value)}
    components = schema.pop("components")
    return Draft202012Validator(
        {"allOf": [schema, _limits()], "components": components, "$defs": levels}
    )


def _limits() -> Schema:
    events = _object(data={"minItems": 1, "items": _object(attributes=_event())})
    profile = _object(data=_object(id=_TEXT, attributes=_profile(), meta=_meta()))
    entry = _object(attributes=_object(profile=profile, events=events))
    entries = _object(data={"minItems": 1, "items": entry})
    return _object(data=_object(attributes={"properties": {"events-bulk-create": entries}}))


def _event() -> Schema:
    name = {"minLength": 1, "maxLength": METRIC_NAME_LENGTH.value}
    metric = _object(name=name, service=_TEXT)
    event = _object(
        metric=_object(data=_object(attributes=metric)),
        properties={"maxProperties": EVENT_PROPERTIES.value, **_value(NESTING_LEVELS.value)},
        unique_id={"minLength": 1, "maxLength": UNIQUE_ID_LENGTH.value},
    )
    return {**event, "additionalProperties": {**_TEXT, **_INTEGER}}


def _profile() -> Schema:
    profile = _object(
        email={"maxLength": EMAIL_LENGTH.value},
        external_id={"maxLength": EXTERNAL_ID_LENGTH.value},
        location={"additionalProperties": _value(0)},
        properties=_value(NESTING_LEVELS.value),
    )
    return {**profile, "additionalProperties": _TEXT}


def _meta() -> Schema:
    patch = _value(NESTING_LEVELS.value)
    return _object(
        patch_properties=_object(append=patch, unappend=patch, unset=_value(1)),
        patch_identifiers=_object(append=patch, unappend=patch),
    )


def _object(**properties: Schema) -> Schema:
    return {"properties": properties}


def _value(levels: int) -> Schema:
    """A value within properties, of at most so many objects and arrays within each other."""
    leaf = {**_TEXT, **_INTEGER, "maxItems": ARRAY_ITEMS.value}
    if not levels:
        return {**leaf, "not": {"type": ["object", "array"]}}
    inner = {"$ref": f"#/$defs/level{levels - 1}"}
    return {**leaf, "items": inner, "additionalProperties": inner, "propertyNames": _TEXT}


def _stands(error: ValidationError) -> bool:
    """Whether an error is still one, measured in bytes, or for what is really an integer."""
    keyword = error.schema_path[-1]
    if keyword == "maxLength" and _length_limit(error) == _TEXT["maxLength"]:
        return any(len(text.encode()) > STRING_BYTES.value for text in _texts(error))
    return not (keyword in _INTEGER and isinstance(error.instance, float))


def _length_limit(error: ValidationError) -> int:
    """The limit that was broken, by a string or by a name, whose error lies within another."""
    within: Any = getattr(error.kind, "error", error)
    return int(within.kind.limit)


def _texts(error: ValidationError) -> Iterable[str]:
    """The string that is too long, or the names of which one is."""
    value = error.instance
    if isinstance(value, dict):
        return value
    return [value] if isinstance(value, str) else []
