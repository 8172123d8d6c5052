"""Klaviyo's OpenAPI 3.0 document as JSON Schema 2020-12."""

from functools import cache
from importlib.resources import files
from typing import Any, Final

import orjson

_KEPT: Final = frozenset({"$ref", "enum", "required", "type"})
_OPERATION: Final = "post"


@cache
def _document() -> dict[str, Any]:
    text = files("klaviyo_bulk_events_api").joinpath("openapi.json").read_bytes()
    document: dict[str, Any] = orjson.loads(text)
    return document


def endpoint() -> str:
    """The path of the document's only operation."""
    (path,) = _document()["paths"]
    return str(path)


def request_schema() -> dict[str, Any]:
    """The schema of the request body, with the schemas that it refers to."""
    operation = _document()["paths"][endpoint()][_OPERATION]
    (content,) = operation["requestBody"]["content"].values()
    schemas = _document()["components"]["schemas"]
    return {
        **_json_schema(content["schema"]),
        "components": {"schemas": {name: _json_schema(each) for name, each in schemas.items()}},
    }


def _json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Convert one schema: `nullable` counts beside `$ref` too, and unknown fields are refused.

    `if` and `else` rather than `anyOf`, so that an error points to the place, not to the choice.
    """
    converted = {key: schema[key] for key in _KEPT & schema.keys()}
    if "properties" in schema:
        properties = schema["properties"].items()
        converted["properties"] = {name: _json_schema(each) for name, each in properties}
        converted["additionalProperties"] = False
    if "items" in schema:
        converted["items"] = _json_schema(schema["items"])
    for choice in {"allOf", "anyOf", "oneOf"} & schema.keys():
        converted[choice] = [_json_schema(each) for each in schema[choice]]
    if schema.get("nullable"):
        return {"if": {"type": "null"}, "else": converted}
    return converted
