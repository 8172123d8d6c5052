"""How a stream of events is cut into requests."""

import itertools
from collections.abc import Callable

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import limits
from klaviyo_bulk_events.chunker import Chunk, Chunker
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.problems import Problem

Make = Callable[..., EncodedEvent]
SHAPES = st.lists(
    st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 400), st.integers(0, 30)),
    max_size=60,
)


def cut(events: list[EncodedEvent], chunker: Chunker) -> list[Chunk]:
    ready = [chunker.add(event) for event in events if chunker.fits(event)]
    return [chunk for chunk in (*ready, chunker.close()) if chunk is not None]


def distinct(chunks: list[Chunk]) -> list[int]:
    return [id(event) for chunk in chunks for event in chunk.events]


@given(SHAPES, st.integers(1, 12), st.integers(1_200, 4_000))
def test_no_request_breaks_a_limit(
    encode: Make, shapes: list[tuple[int, bool, int, int]], most: int, size: int
) -> None:
    """Every request keeps to the events and the bytes allowed, and holds no key twice."""
    events = [encode(n, p, backfill=b, padding=x) for p, b, x, n in shapes]
    for chunk in cut(events, Chunker(events=most, size=size)):
        keys = [event.key for event in chunk.events]
        assert 0 < len(chunk) <= most
        assert len(chunk.body()) <= size
        assert len(set(keys)) == len(keys)
        assert all(len({event.backfill for event in entry}) == 1 for entry in chunk.entries)


@given(SHAPES, st.integers(1, 12), st.integers(1_200, 4_000))
def test_nothing_is_lost_and_order_is_kept(
    encode: Make, shapes: list[tuple[int, bool, int, int]], most: int, size: int
) -> None:
    """Every event goes out once; chunks, and a profile's events in a chunk, keep the order."""
    events = [encode(n, p, backfill=b, padding=x) for p, b, x, n in shapes]
    place = {id(event): at for at, event in enumerate(events)}
    chunks = cut(events, Chunker(events=most, size=size))
    assert sorted(place[key] for key in distinct(chunks)) == list(range(len(events)))
    for before, after in itertools.pairwise(chunks):
        assert max(place[id(e)] for e in before.events) < min(place[id(e)] for e in after.events)
    for chunk in chunks:
        for entry in chunk.entries:
            assert [place[id(e)] for e in entry] == sorted(place[id(e)] for e in entry)


@given(SHAPES, st.integers(1, 12), st.integers(1_200, 4_000))
def test_no_request_is_closed_early(
    encode: Make, shapes: list[tuple[int, bool, int, int]], most: int, size: int
) -> None:
    """The event that opens the next request did not fit the one before: sizes are exact."""
    events = [encode(n, p, backfill=b, padding=x) for p, b, x, n in shapes]
    chunks = cut(events, Chunker(events=most, size=size))
    for before, after in itertools.pairwise(chunks):
        first = next(after.events)
        with_it = cut([*before.events, first], Chunker(events=most + 1, size=size + 2_000))
        assert (
            len(before) == most
            or first.key in {event.key for event in before.events}
            or len(with_it[0].body()) > size
        )


def test_a_request_is_filled_to_the_byte(encode: Make) -> None:
    """A limit of exactly the body's bytes holds it; one byte less does not."""
    events = [encode(n, profile=n % 3) for n in range(9)]
    (whole,) = cut(events, Chunker())
    size = len(whole.body())
    assert len(cut(events, Chunker(size=size))) == 1
    assert len(cut(events, Chunker(size=size - 1))) == 2


def test_events_are_grouped_by_profile_and_backfill(encode: Make) -> None:
    """An entry holds the events of one profile and one flow, whose backfill says so on both."""
    events = [encode(n, profile=n % 2, backfill=n < 4) for n in range(8)]
    (chunk,) = cut(events, Chunker())
    entries = orjson.loads(chunk.body())["data"]["attributes"]["events-bulk-create"]["data"]
    seen = [
        (
            entry["attributes"]["profile"]["data"]["attributes"]["external_id"],
            entry["attributes"]["backfill"],
            {e["attributes"]["backfill"] for e in entry["attributes"]["events"]["data"]},
        )
        for entry in entries
    ]
    assert seen == [
        ("0", True, {True}),
        ("1", True, {True}),
        ("0", False, {False}),
        ("1", False, {False}),
    ]


def test_the_limits_are_those_of_the_spec(encode: Make) -> None:
    """Without other orders a chunk holds as many events as the spec allows."""
    most = limits.EVENTS_PER_REQUEST.value
    chunks = cut([encode(n) for n in range(most + 1)], Chunker())
    assert [len(chunk) for chunk in chunks] == [most, 1]


def test_an_event_that_fits_no_request_is_told_apart(encode: Make) -> None:
    """An event fits if a request with nothing else in it keeps to the bytes allowed."""
    event = encode(1, padding=500)
    (alone,) = cut([event], Chunker())
    size = len(alone.body())
    assert Chunker(size=size).fits(event)
    assert not Chunker(size=size - 1).fits(event)


@pytest.mark.parametrize("out", [(), (0,), (4,), (0, 2, 4), (0, 1, 2, 3, 4)])
def test_what_is_left_keeps_its_bytes(chunk: Chunk, out: tuple[int, ...]) -> None:
    """Taking events out leaves the others as they are, and no entry without events."""
    everything = list(chunk.events)
    left = chunk.without(everything[at] for at in out)
    expected = [event for at, event in enumerate(everything) if at not in out]
    assert list(left.events) == expected
    assert all(left.entries)
    assert all(event.data in left.body() for event in expected)


def test_events_warned_of_are_counted_by_code(encode: Make) -> None:
    events = [encode(n, n) for n in range(4)]
    zero, test = (Problem("/a", code, "...") for code in ("ignored_value", "test_address"))
    events[0].warnings, events[1].warnings = (zero,), (zero,)
    events[2].warnings = (zero, test, attrs.evolve(test, pointer="/b"))
    events[3].warnings = ()
    (chunk,) = cut(events, Chunker())
    assert chunk.warned() == {"ignored_value": 3, "test_address": 1}
