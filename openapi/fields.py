"""The fields of the request's body, each under its path, whatever the schemas are called."""

from collections.abc import Iterator
from typing import NamedTuple

from openapi.errors import GenerationError
from openapi.spec import Json, operation


class Field(NamedTuple):
    """A field: its schema with every `$ref` followed, and whether its object requires it."""

    schema: Json
    required: bool


def content_type(spec: Json) -> str:
    """The media type of the request's body, the only one."""
    types = list(operation(spec).body.get("requestBody", {}).get("content", {}))
    if len(types) != 1:
        raise GenerationError(f"the request should have one content type, it has {types}")
    return str(types[0])


def fields(spec: Json) -> dict[str, Field]:
    """Every field by its path, a JSON pointer in which `*` stands for any index."""
    media = content_type(spec)
    body = operation(spec).body["requestBody"]
    schema = body["content"][media].get("schema", {})
    return dict(_walk(spec, schema, "", body.get("required", False), ()))


def _walk(
    spec: Json, schema: Json, path: str, required: bool, above: tuple[str, ...]
) -> Iterator[tuple[str, Field]]:
    schema, above = _follow(spec, schema, above)
    yield path, Field(schema, required)
    yield from _inside(spec, schema, path, above)


def _inside(
    spec: Json, schema: Json, path: str, above: tuple[str, ...]
) -> Iterator[tuple[str, Field]]:
    for name, inner in schema.get("properties", {}).items():
        yield from _walk(spec, inner, f"{path}/{name}", name in schema.get("required", ()), above)
    if "items" in schema:
        yield from _walk(spec, schema["items"], f"{path}/*", True, above)
    for choice in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        followed, beyond = _follow(spec, choice, above)
        yield from _inside(spec, followed, path, beyond)


def _follow(spec: Json, schema: Json, above: tuple[str, ...]) -> tuple[Json, tuple[str, ...]]:
    """Put `$ref` and `allOf` in their place; what stands beside them goes first."""
    if "$ref" in schema:
        reference = schema["$ref"]
        if reference in above:
            raise GenerationError(f"the request holds {reference} within itself")
        parts, above = [_look_up(spec, reference)], (*above, reference)
    elif "allOf" in schema:
        parts = schema["allOf"]
    else:
        return schema, above
    merged: Json = {}
    for part in parts:
        followed, above = _follow(spec, part, above)
        merged = _merge(merged, followed)
    beside = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
    return _merge(merged, beside), above


def _merge(first: Json, second: Json) -> Json:
    return {
        **first,
        **second,
        "properties": {**first.get("properties", {}), **second.get("properties", {})},
        "required": [*first.get("required", ()), *second.get("required", ())],
    }


def _look_up(spec: Json, reference: str) -> Json:
    target = spec
    for key in reference.removeprefix("#/").split("/"):
        if key not in target:
            raise GenerationError(f"the spec refers to {reference}, which it does not hold")
        target = target[key]
    return target
