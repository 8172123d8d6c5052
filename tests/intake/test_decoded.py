"""What was encoded can be had back from its bytes: events as records, requests as chunks."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import NULL
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.decoder import record_of
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.journal.packing import packed, unpacked

from .encoding import encode, encoder
from .strategies import event, event_fields


def again(given: EncodedEvent) -> EncodedEvent:
    """The event that its record becomes."""
    return encoder(backfill=None).encode(record_of(given.opening, given.data))


def encoded(fields: dict[str, Any]) -> EncodedEvent:
    return encoder(backfill=None).encode(vars(event(fields)))


@given(event_fields)
def test_a_record_becomes_the_same_bytes(fields: dict[str, Any]) -> None:
    """Whatever an event holds: its record is what a rejects file needs."""
    before = encoded(fields)
    after = again(before)
    assert (after.opening, after.data) == (before.opening, before.data)


@pytest.mark.parametrize(
    "profile",
    [
        {"meta": NULL},
        {"patch_properties": NULL},
        {"patch_identifiers": NULL, "append": {"a": 1}},
        {"append": NULL},
        {"location": {"city": NULL}},
    ],
)
def test_nulls_come_back(profile: dict[str, Any]) -> None:
    """A null that was sent is sent again."""
    before = encode(profile={"external_id": "7", **profile}, backfill=True)
    after = again(before)
    assert (after.opening, after.data) == (before.opening, before.data)


@given(st.lists(st.lists(event_fields, min_size=1, max_size=3), min_size=1, max_size=3))
def test_a_chunk_comes_back_from_its_body(entries: list[list[dict[str, Any]]]) -> None:
    """With the same bytes, entry by entry, and the places of its events in the source."""
    together = [[{**f, "profile": e[0]["profile"], "backfill": True} for f in e] for e in entries]
    chunk = Chunk(tuple(tuple(map(encoded, fields)) for fields in together))
    for position, each in enumerate(chunk.events):
        each.position, each.origin = 7 * position, f"in.csv:{position}"
    after = unpacked(*packed(chunk), in_doubt=True)
    assert after.in_doubt
    assert after.body() == chunk.body()
    assert list(map(_known, after.events)) == list(map(_known, chunk.events))


def _known(event: EncodedEvent) -> tuple[Any, ...]:
    return event.opening, event.data, event.position, event.origin, event.unique_id, event.backfill


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_body_that_was_cut_off_is_no_chunk(cut: int) -> None:
    """What is damaged is never taken for another request."""
    body, told = packed(Chunk(((encode(),),)))
    with pytest.raises(ValueError, match=r".+"):
        unpacked(body[:-cut], told, in_doubt=True)
