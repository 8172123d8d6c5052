"""Klaviyo's OpenAPI document as JSON Schema."""

import pytest
from jsonschema_rs import Draft202012Validator

from klaviyo_bulk_events.emulator import openapi

PLACE = {"type": "object", "properties": {"city": {"type": "string"}}}


@pytest.fixture
def validator(monkeypatch):
    """Makes a validator of an OpenAPI schema for a request's body."""

    def validator(schema):
        body = {"content": {"application/vnd.api+json": {"schema": schema}}}
        document = {
            "paths": {"/api/things": {"post": {"requestBody": body}}},
            "components": {"schemas": {"Place": PLACE}},
        }
        monkeypatch.setattr(openapi, "_document", lambda: document)
        return Draft202012Validator(openapi.request_schema())

    return validator


REFERENCE = {"$ref": "#/components/schemas/Place"}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string"}, ["a"], [None, 1]),
        ({"type": "string", "nullable": True}, ["a", None], [1]),
        ({"type": "string", "nullable": False}, ["a"], [None]),
        ({"type": "string", "enum": ["a"], "nullable": True}, ["a", None], ["b"]),
        (REFERENCE, [{}, {"city": "Ely"}], [None, {"town": "Ely"}]),
        ({**REFERENCE, "nullable": True}, [{}, None], [{"city": 1}]),
        ({"allOf": [REFERENCE], "nullable": True}, [{}, None], [{"city": 1}]),
        (
            {"oneOf": [{"type": "string"}, {"type": "number"}], "nullable": True},
            ["a", 1.5, None],
            [[], True],
        ),
        ({"type": "array", "items": REFERENCE}, [[], [{}]], [[{"town": "Ely"}], [None]]),
        ({"type": "object"}, [{}, {"anything": 1}], [None]),
        ({**PLACE, "required": ["city"]}, [{"city": "Ely"}], [{}]),
        ({"properties": {"nullable": {"type": "string"}}}, [{"nullable": "a"}], [{"items": 1}]),
    ],
)
def test_conversion(validator, schema, good, bad):
    """`nullable` counts, beside `$ref` too, and an object with properties has no others."""
    check = validator(schema)
    assert [value for value in good if not check.is_valid(value)] == []
    assert [value for value in bad if check.is_valid(value)] == []


def test_an_error_below_a_null_points_into_it(validator):
    """What is wrong in a value that may be null is pointed to, not the value as a whole."""
    (error,) = validator({**REFERENCE, "nullable": True}).iter_errors({"city": 1})
    assert error.instance_path == ["city"]


def test_the_endpoint():
    """The path is the one of the packaged document."""
    assert openapi.endpoint() == "/api/event-bulk-create-jobs"
