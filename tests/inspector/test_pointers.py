"""Which part of a body a pointer names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.emulator.inspector import tree
from klaviyo_bulk_events.emulator.inspector.pointers import follow, value_at
from klaviyo_bulk_events.emulator.refusals import pointer

KEYS = st.text("ab/~01", max_size=3)
DOCUMENTS = st.recursive(
    st.none() | st.integers() | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
)


@st.composite
def places(draw):
    """A document and the path of one of its values."""
    document = value = draw(DOCUMENTS)
    path = []
    while isinstance(value, dict | list) and value and draw(st.booleans()):
        steps = list(value) if isinstance(value, dict) else range(len(value))
        path.append(draw(st.sampled_from(steps)))
        value = value[path[-1]]
    return document, tuple(path)


def nodes(node):
    """A node and all under it that are unfolded."""
    yield node
    for child in node.get("children", ()):
        yield from nodes(child)


@given(places())
def test_a_pointer_is_followed_back(place):
    """The pointer to a value leads to this value."""
    document, path = place
    assert follow(document, pointer(path)) == (path, True)


@given(places(), st.booleans())
def test_exactly_the_named_value_is_marked(place, everything):
    """Unfolded as far as there, or whole; every node's own pointer leads to what it shows."""
    document, path = place
    shown = list(nodes(tree.Unfolded(path, True, everything).node(document)))
    assert [node["at"] for node in shown if node.get("marked")] == [pointer(path)]
    for node in shown:
        value = value_at(document, follow(document, node["at"])[0])
        assert node.get("size") == (len(value) if isinstance(value, dict | list) else None)


@pytest.mark.parametrize(
    ("text", "steps", "exact"),
    [
        ("", (), True),
        ("/a/1", ("a", 1), True),
        ("/a/7", ("a",), False),
        ("/a/-1", ("a",), False),
        ("/a/x/0", ("a",), False),
        ("/b", (), False),
        ("/t/0", ("t",), False),
    ],
)
def test_what_is_not_there(text, steps, exact):
    """A pointer that leads nowhere is followed as far as it goes."""
    assert follow({"a": [1, 2], "t": "text"}, text) == (steps, exact)


def test_long_lists_are_shown_in_parts():
    """At most 100 children at once, those around what is marked."""
    document = {"list": list(range(1_000))}
    shown = tree.Unfolded(("list", 250), True).node(document)["children"][0]
    assert [child["key"] for child in shown["children"]] == [str(n) for n in range(200, 300)]
    more = tree.children(document["list"], ("list",), 300)
    assert [child["text"] for child in more["children"]] == [str(n) for n in range(300, 400)]


@given(DOCUMENTS)
def test_everything_can_be_unfolded(document):
    """Each value of a small document is then there once."""

    def count(value):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + (sum(map(count, inner)) if isinstance(value, dict | list) else 0)

    assert len(list(nodes(tree.Unfolded(everything=True).node(document)))) == count(document)
