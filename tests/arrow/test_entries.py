"""What entries of a chunk come to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import Intake, Status
from klaviyo_bulk_events.arrow import entries
from klaviyo_bulk_events.arrow.entries import Standing
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.encoder import Encoder
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.outcomes import Fate
from klaviyo_bulk_events.problems import Problem

COUNT = 12
EVENTS = [
    Encoder(Intake(), True).encode(
        {"metric": "m", "profile": {"external_id": "1"}, "time": "2025-01-01T00:00:00Z",
         "unique_id": str(number)}
    )
    for number in range(COUNT)
]  # fmt: skip
CHUNK = Chunk((tuple(EVENTS[:5]), tuple(EVENTS[5:])))
FATES = [
    (Status.ACCEPTED, ()),
    (Status.DUPLICATE, ()),
    (Status.REJECTED, (Problem("/time", "bad", "it is bad"),)),
    (Status.UNKNOWN, (Problem("", "no_answer", "none"), Problem("", "attempt", "1"))),
    (Status.UNSENT, ()),
]
SETTLED = st.lists(st.sampled_from(FATES), min_size=COUNT, max_size=COUNT)


def entry(told: list[Any]) -> bytes:
    fates = [
        Fate(fate[0], [e for e, of in zip(EVENTS, told, strict=True) if of == fate], fate[1])
        for fate in FATES
    ]
    return entries.settled(fates, CHUNK, "attempt")


TAKEN = entries.taken("d", COUNT, "attempt")


@given(SETTLED)
def test_an_entry_says_all_of_every_event(told: list[Any]) -> None:
    """The status, the code, the pointer and the message, of the right event."""
    standing = Standing.of([TAKEN, entry(told)])
    found = {
        id(event): (fate.status, fate.problems)
        for fate in standing.of_chunk(CHUNK)
        for event in fate.events
    }
    assert [found[id(event)] for event in EVENTS] == told


@given(SETTLED, SETTLED)
def test_what_is_known_is_not_taken_back(first: list[Any], second: list[Any]) -> None:
    """A final fate stays, and unsent never replaces unknown."""
    standing = Standing.of([TAKEN, TAKEN, entry(first), entry(second)])
    for before, after, now in zip(first, second, standing.fates, strict=True):
        is_replaced = before[0] in entries.OPEN and after[0] is not Status.UNSENT
        assert now == (after if is_replaced else before)


@pytest.mark.parametrize(
    ("said", "in_doubt"),
    [
        ([TAKEN], True),
        ([TAKEN, entry([FATES[4]] * COUNT)], False),
        ([TAKEN, entry([FATES[3]] * COUNT)], True),
        ([TAKEN, TAKEN, entry([FATES[4]] * COUNT)], True),
    ],
)
def test_when_a_chunk_is_in_doubt(said: list[bytes], in_doubt: bool) -> None:
    """As long as an attempt that took it did not say, or could not."""
    assert Standing.of(said).in_doubt is in_doubt


def test_accepted_events_in_a_row_take_little() -> None:
    """A thousand of them are one pair of numbers."""
    assert len(entries.settled([Fate(Status.ACCEPTED, EVENTS)], CHUNK, "")) < 60


@pytest.mark.parametrize("said", [b"", b"[]", b"{}", b'{"taken": "d", "events": "x"}'])
def test_a_damaged_entry(said: bytes) -> None:
    """It is no fate."""
    with pytest.raises(JournalError, match="damaged"):
        Standing.of([said])
