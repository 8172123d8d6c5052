"""What changes in the request's fields from one revision of the spec to the next."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from openapi.change import Change
from openapi.fields import Field
from openapi.spec import Json


def field_changes(old: Mapping[str, Field], new: Mapping[str, Field]) -> Iterator[Change]:
    """Fields that came, went or changed; of a whole object that came or went, the object."""
    for path in old.keys() | new.keys():
        parent = path.rpartition("/")[0]
        if path in old and path in new:
            yield from _changed(path, old[path], new[path])
        elif path in old and parent in new:
            # Klaviyo refuses a request with a field that it does not know.
            yield Change(True, "field", f"{path} removed")
        elif path in new and parent in old:
            need = "required" if new[path].required else "optional"
            types = _listed(_types(new[path].schema))
            yield Change(new[path].required, "field", f"{path} added, {need}, {types}")


def text_changes(place: str, old: str, new: str) -> Iterator[Change]:
    """Sentences that came or went; a new one may be a limit that nothing here knows of."""
    before, after = _sentences(old), _sentences(new)
    for sentence in before:
        if sentence not in after:
            yield Change(False, "text", f"{place} no longer says: {sentence}")
    for sentence in after:
        if sentence not in before:
            yield Change(False, "text", f"{place} says now: {sentence}")


def _changed(path: str, old: Field, new: Field) -> Iterator[Change]:
    if old.required != new.required:
        need = "required" if new.required else "optional"
        yield Change(new.required, "required", f"{path} is {need} now")
    before, after = _types(old.schema), _types(new.schema)
    if before != after:
        breaking = not (before <= after or "any" in after)
        yield Change(breaking, "type", f"{path} {_listed(before)} -> {_listed(after)}")
    yield from _enum_change(path, old.schema, new.schema)
    yield from _other_keywords(path, old.schema, new.schema)
    texts = (str(schema.get("description", "")) for schema in (old.schema, new.schema))
    yield from text_changes(path, *texts)


def _enum_change(path: str, old: Json, new: Json) -> Iterator[Change]:
    before, after = old.get("enum"), new.get("enum")
    if before != after:
        breaking = after is not None and (before is None or not set(before) <= set(after))
        yield Change(breaking, "enum", f"{path} {_listed(before)} -> {_listed(after)}")


_SAID_ABOVE = {"type", "format", "nullable", "oneOf", "anyOf", "enum", "description"}
_NO_CONSTRAINT = {"example", "title", "deprecated"}
_OTHER_FIELDS = {"properties", "required", "items"}


def _other_keywords(path: str, old: Json, new: Json) -> Iterator[Change]:
    """Whatever else a schema says is taken for breaking: to judge it needs a reader."""
    for keyword in (old.keys() | new.keys()) - _SAID_ABOVE - _NO_CONSTRAINT - _OTHER_FIELDS:
        before, after = old.get(keyword), new.get(keyword)
        if before != after:
            yield Change(True, keyword, f"{path} {before} -> {after}")


def _types(schema: Json) -> frozenset[str]:
    choices = schema.get("oneOf", schema.get("anyOf"))
    types = {_type(schema)} if not choices else {name for one in choices for name in _types(one)}
    return frozenset(types | {"null"} if schema.get("nullable") else types)


def _type(schema: Json) -> str:
    name = str(schema.get("type", schema.get("$ref", "any")))
    if "format" in schema:
        return f"{name} ({schema['format']})"
    if "items" in schema:
        return f"{name} of {_listed(_types(schema['items']))}"
    return name


def _listed(values: Any) -> str:
    return "anything" if values is None else " or ".join(sorted(map(str, values)))


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?]) ", " ".join(text.split())) if text else []
