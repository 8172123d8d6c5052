"""Events that come again are found, as far back as the window of keys reaches."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.repeats import Repeat, Repeats

from .encoding import WHOLE, encode

_PROFILE = WHOLE["profile"]
_STRONGEST_FIRST = {
    "id": "01H",
    "external_id": "17850",
    "email": "a@b.co",
    "phone_number": "+15005550006",
}
_others: st.SearchStrategy[dict[str, str]] = st.fixed_dictionaries(
    {},
    optional={
        "external_id": st.sampled_from(["17850", "5"]),
        "email": st.sampled_from(["a@b.co", "c@d.co"]),
        "phone_number": st.sampled_from(["+15005550006", "+4420712345"]),
        "anonymous_id": st.just("anonymous"),
        "kx": st.just("k"),
        "first_name": st.sampled_from(["A", "B"]),
    },
)


def test_the_first_of_a_key_is_new() -> None:
    """Another key is another event, whatever its content."""
    repeats = Repeats(10)

    assert [repeats.note(key, b"content") for key in "abc"] == [None] * 3


def test_the_same_again() -> None:
    """The same key with the same content is a repeat, however often."""
    repeats = Repeats(10)

    assert [repeats.note("a", b"x") for _ in range(3)] == [None, *[Repeat.SAME_CONTENT] * 2]


def test_the_same_key_with_other_content() -> None:
    """The same key with other content is a conflict, and the first content stays the one."""
    repeats = Repeats(10)
    repeats.note("a", b"x")

    assert repeats.note("a", b"y") is Repeat.OTHER_CONTENT
    assert repeats.note("a", b"x") is Repeat.SAME_CONTENT


@pytest.mark.parametrize(("between", "found"), [(0, True), (9, True), (20, False)])
def test_the_window(between: int, found: bool) -> None:
    """A key is remembered while it is among the newest that the window holds, not for ever."""
    repeats = Repeats(10)
    repeats.note("a", b"x")
    for number in range(between):
        repeats.note(number, b"x")

    assert (repeats.note("a", b"x") is Repeat.SAME_CONTENT) is found


def test_no_window_at_all() -> None:
    """A window of nothing remembers nothing."""
    repeats = Repeats(0)

    assert [repeats.note("a", b"x") for _ in range(2)] == [None, None]


@given(st.lists(st.tuples(st.integers(0, 20), st.binary(max_size=1))), st.integers(1, 5))
def test_repeats_against_a_list(noted: list[tuple[int, bytes]], window: int) -> None:
    """What the window holds is found, with its first content; from twice as far back, nothing."""
    repeats = Repeats(window)
    taken: list[tuple[int, bytes]] = []
    for key, content in noted:
        found = repeats.note(key, content)
        held, near = dict(taken[-2 * window :]), dict(taken[-window:])
        if key not in held:
            assert found is None
        elif key in near or found is not None:
            same = held[key] == content
            assert found is (Repeat.SAME_CONTENT if same else Repeat.OTHER_CONTENT)
        if found is None:
            taken.append((key, content))


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ({}, {}, Repeat.SAME_CONTENT),
        ({}, {"properties": {"p": 1}}, Repeat.OTHER_CONTENT),
        ({}, {"value": 5}, Repeat.OTHER_CONTENT),
        ({}, {"profile": {**_PROFILE, "first_name": "B"}}, Repeat.OTHER_CONTENT),
        ({}, {"profile": {**_PROFILE, "phone_number": "+15005550006"}}, Repeat.OTHER_CONTENT),
        ({}, {"profile": {"email": _PROFILE["email"].upper()}}, Repeat.OTHER_CONTENT),
        ({}, {"metric": "other"}, None),
        ({}, {"profile": {"id": "01H"}}, None),
        ({}, {"unique_id": "other"}, None),
        ({"unique_id": None}, {"unique_id": None}, Repeat.SAME_CONTENT),
        ({"unique_id": None}, {"unique_id": None, "value": 5}, None),
    ],
)
def test_events_that_repeat(one: dict[str, Any], other: dict[str, Any], found: object) -> None:
    """A key is profile, metric and unique_id; a derived id makes other content another event."""
    repeats = Repeats(10)
    first, second = encode(**one), encode(**other)

    assert repeats.note(first.key, first.data, first.opening) is None
    assert repeats.note(second.key, second.data, second.opening) is found


@given(one=_others, other=_others, name=st.sampled_from(list(_STRONGEST_FIRST)))
def test_one_person_is_one_key(one: dict[str, str], other: dict[str, str], name: str) -> None:
    """Events for one strongest identifier have one key, whatever weaker ones stand beside it."""
    names = list(_STRONGEST_FIRST)
    weaker = (*names[names.index(name) + 1 :], "anonymous_id", "kx", "first_name")
    keys = {
        encode(
            profile={name: _STRONGEST_FIRST[name]} | {n: given[n] for n in weaker if n in given}
        ).key
        for given in (one, other)
    }

    assert len(keys) == 1


def test_other_people_are_other_keys() -> None:
    """One text is another person as another identifier, and case tells all but addresses apart."""
    profiles = [{"id": "a"}, {"external_id": "a"}, {"id": "A"}, {"external_id": "A"}]

    assert len({encode(profile=profile).key for profile in profiles}) == len(profiles)


def test_all_of_the_content_counts() -> None:
    """Of several parts each must be the same, in its place."""
    repeats = Repeats(10)
    repeats.note("a", b"x", b"y")

    assert repeats.note("a", b"x", b"y") is Repeat.SAME_CONTENT
    assert repeats.note("a", b"x", b"z") is Repeat.OTHER_CONTENT
    assert repeats.note("a", b"y", b"x") is Repeat.OTHER_CONTENT
