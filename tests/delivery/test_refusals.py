"""Which events a refusal names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import refusals
from klaviyo_bulk_events.answers import ApiError
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.outcomes import Status

ENTRY = "/data/attributes/events-bulk-create/data"
EVENT = "attributes/events/data"


def error(pointer: str, code: str = "invalid") -> ApiError:
    return ApiError("e-1", code, "Invalid input.", "That is wrong.", pointer)


@pytest.mark.parametrize(
    ("pointer", "named"),
    [
        (f"{ENTRY}/0/{EVENT}/1/attributes/time", ["order-2"]),
        (f"{ENTRY}/1/{EVENT}/0", ["order-1"]),
        (f"{ENTRY}/1/attributes/profile/data/attributes/email", ["order-1", "order-3"]),
        (f"{ENTRY}/0/attributes/profile", ["order-0", "order-2", "order-4"]),
        (f"{ENTRY}/0/{EVENT}/3", []),
        (f"{ENTRY}/2/{EVENT}/0", []),
        (f"{ENTRY}/7/attributes/profile", []),
        (f"{ENTRY}/0", []),
        (f"{ENTRY}/0/{EVENT}/01x", []),
        (f"{ENTRY}/{'9' * 99}/{EVENT}/0", []),
        ("/data", []),
        ("/data/", []),
        ("", []),
    ],
)
def test_what_a_pointer_names(chunk: Chunk, pointer: str, named: list[str]) -> None:
    """An event, or the events of the entry whose profile it points into."""
    fates = refusals.named(chunk, (error(pointer),))
    assert [event.unique_id for fate in fates for event in fate.events] == named


def test_repeats_are_duplicates(chunk: Chunk) -> None:
    """An event that the server names as a repeat was there already."""
    pointer = f"{ENTRY}/0/{EVENT}/0/attributes/unique_id"
    (fate,) = refusals.named(chunk, (error(pointer),))
    assert fate.status is Status.DUPLICATE


def test_the_servers_words_go_along(chunk: Chunk) -> None:
    """The problem holds the server's code, pointer, sentence and error id."""
    pointer = f"{ENTRY}/0/{EVENT}/0/attributes/time"
    (fate,) = refusals.named(chunk, (error(pointer),))
    (problem,) = fate.problems
    assert (problem.code, problem.pointer) == ("invalid", pointer)
    assert "That is wrong." in problem.message
    assert "e-1" in problem.message


def test_an_event_that_is_named_twice_is_settled_once(chunk: Chunk) -> None:
    """Two errors on one event, and one on its profile besides, make one fate."""
    pointers = (f"{ENTRY}/1/{EVENT}/0/a", f"{ENTRY}/1/{EVENT}/0/b", f"{ENTRY}/1/attributes/profile")
    fates = refusals.named(chunk, tuple(map(error, pointers)))
    named = [event.unique_id for fate in fates for event in fate.events]
    assert named == ["order-1", "order-3"]


@given(st.text(max_size=80) | st.from_regex(r"/data/attributes/events-bulk-create/data/\d+/.*"))
def test_no_pointer_makes_it_raise(chunk_of_one: Chunk, pointer: str) -> None:
    """Whatever a server points at, it names events of the chunk or nothing."""
    assert len(refusals.named(chunk_of_one, (error(pointer),))) <= 1


@pytest.fixture(scope="session")
def chunk_of_one(encode: object) -> Chunk:
    assert callable(encode)
    return Chunk(((encode(0),),))
