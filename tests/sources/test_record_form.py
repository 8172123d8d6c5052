"""Dotted names."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.problems import RecordError
from klaviyo_bulk_events.record_form import nested, with_rest

KNOWN = frozenset({"metric", "profile", "properties"})


@pytest.mark.parametrize(
    ("record", "tree"),
    [
        ({"metric": "A"}, {"metric": "A"}),
        ({"profile.email": "a"}, {"profile": {"email": "a"}}),
        ({"profile.location.city": "b"}, {"profile": {"location": {"city": "b"}}}),
        ({"profile.properties.a.b": 1}, {"profile": {"properties": {"a.b": 1}}}),
        ({"properties.a.b": 1}, {"properties": {"a.b": 1}}),
        ({"properties": {"a": 1}, "properties.b": 2}, {"properties": {"a": 1, "b": 2}}),
        ({"properties.b": 2, "properties": {"a": 1}}, {"properties": {"a": 1, "b": 2}}),
        ({"properties.b": 2, "properties": None}, {"properties": {"b": 2}}),
        ({"properties": None, "properties.b": 2}, {"properties": {"b": 2}}),
        ({"properties.a": 1, "properties": {"a": 1}}, {"properties": {"a": 1}}),
        ({"profile.email": None}, {}),
        (
            {"profile.location.city": "b", "profile": {"location": {"zip": "c"}, "email": "a"}},
            {"profile": {"location": {"zip": "c", "city": "b"}, "email": "a"}},
        ),
        ({"other.a": 1}, {"other.a": 1}),
        ({1: 2}, {1: 2}),
    ],
)
def test_nested(record: dict[Any, Any], tree: dict[Any, Any]) -> None:
    """A dotted name leads where it says, in whatever order names come."""
    assert nested(record) == tree


@pytest.mark.parametrize(
    ("record", "code", "pointer"),
    [
        ({"properties": "x", "properties.a": 1}, "wrong_type", "/properties"),
        ({"properties.a": 1, "properties": "x"}, "wrong_type", "/properties"),
        ({"profile": [], "profile.location.city": "b"}, "wrong_type", "/profile"),
        ({"profile.location": 1, "profile.location.zip": "b"}, "wrong_type", "/profile/location"),
        ({"properties.a": 1, "properties": {"a": 2}}, "given_twice", "/properties/a"),
        ({"properties": {"a": 2}, "properties.a": 1}, "given_twice", "/properties/a"),
    ],
)
def test_contradictions(record: dict[str, Any], code: str, pointer: str) -> None:
    """What can't be put together without losing something is refused."""
    with pytest.raises(RecordError) as error:
        nested(record)
    assert [(p.code, p.pointer) for p in error.value.problems] == [(code, pointer)]


@given(st.dictionaries(st.sampled_from(["a", "b", "a.b", "~/"]), st.integers()))
def test_dotted_and_nested_are_the_same(properties: dict[str, int]) -> None:
    """Properties say the same in either form, and the record itself is left alone."""
    dotted = {f"properties.{name}": value for name, value in properties.items()}
    before = dict(dotted)
    assert nested(dotted) == ({"properties": properties} if properties else {})
    assert dotted == before


@pytest.mark.parametrize(
    ("record", "moved"),
    [
        ({"metric": "A"}, {"metric": "A"}),
        ({"a": 1}, {"properties": {"a": 1}}),
        ({"a": None}, {}),
        ({"a": 1, "properties": {"b": 2}}, {"properties": {"a": 1, "b": 2}}),
        ({"a": 1, "properties": None}, {"properties": {"a": 1}}),
        ({"a": 1, "properties": {"a": 1}}, {"properties": {"a": 1}}),
    ],
)
def test_with_rest(record: dict[str, Any], moved: dict[str, Any]) -> None:
    """What is no field becomes a property."""
    assert with_rest(record, KNOWN) == moved


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"a": 1, "properties": {"a": 2}}, "given_twice"),
        ({"a": 1, "properties": "x"}, "wrong_type"),
    ],
)
def test_the_rest_replaces_nothing(record: dict[str, Any], code: str) -> None:
    """A field of the rest neither replaces a property nor is lost."""
    with pytest.raises(RecordError, match=code):
        with_rest(record, KNOWN)
