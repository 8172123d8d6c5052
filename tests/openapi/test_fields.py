"""The request's fields are known by their paths, through every way of composing schemas."""

import pytest

from openapi.errors import GenerationError
from openapi.fields import fields
from openapi.spec import Json


def spec(body: Json, **schemas: Json) -> Json:
    """A spec whose request has this body."""
    operation = {"requestBody": {"content": {"a/b": {"schema": body}}}, "responses": {}}
    return {"paths": {"/": {"post": operation}}, "components": {"schemas": schemas}}


TEXT = {"type": "string"}
ITEM = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
REFERENCE = {"$ref": "#/components/schemas/Item"}


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (ITEM, {"", "/name"}),
        (REFERENCE, {"", "/name"}),
        ({"type": "array", "items": REFERENCE}, {"", "/*", "/*/name"}),
        ({"allOf": [REFERENCE, {"properties": {"size": TEXT}}]}, {"", "/name", "/size"}),
        ({"oneOf": [REFERENCE, {"properties": {"size": TEXT}}]}, {"", "/name", "/size"}),
        ({"anyOf": [TEXT, {"type": "array", "items": ITEM}]}, {"", "/*", "/*/name"}),
    ],
)
def test_paths(body: Json, paths: set[str]) -> None:
    """Fields are found in objects, arrays, references and compositions."""
    assert fields(spec(body, Item=ITEM)).keys() == paths


def test_what_stands_beside_a_reference_counts() -> None:
    """A field's own words go before those of what it refers to."""
    found = fields(spec({**REFERENCE, "description": "own"}, Item={**ITEM, "description": "its"}))

    assert found[""].schema["description"] == "own"
    assert found["/name"].required


def test_a_reference_to_nothing() -> None:
    """A reference that leads nowhere is named."""
    with pytest.raises(GenerationError, match="refers to #/components/schemas/Item, which"):
        fields(spec(REFERENCE))


def test_a_request_within_itself() -> None:
    """A schema that holds itself has no end of fields: an error, not a hang."""
    with pytest.raises(GenerationError, match="Item within itself"):
        fields(spec(REFERENCE, Item={"properties": {"inner": REFERENCE}}))


@pytest.mark.parametrize("types", [{}, {"a/b": {}, "c/d": {}}])
def test_another_number_of_content_types(types: Json) -> None:
    """A request with no content type, or a choice of them, is not the one known here."""
    operation = {"requestBody": {"content": types}, "responses": {}}

    with pytest.raises(GenerationError, match="should have one content type"):
        fields({"paths": {"/": {"post": operation}}})
