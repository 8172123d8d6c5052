"""A chunk as bytes: the request's body, and beside it what the body can't tell of its events."""

import json
from collections.abc import Iterator
from typing import Final

import orjson

from klaviyo_bulk_events import shape
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.decoder import event_of, record_of
from klaviyo_bulk_events.encoder import EncodedEvent

_REQUEST: Final = shape.request()
_ENTRIES: Final = [shape.profile_entry(backfill=backfill) for backfill in (True, False)]
_end_of: Final = json.JSONDecoder().raw_decode


def packed(chunk: Chunk) -> tuple[bytes, bytes]:
    """The chunk's body, and what it takes to make the chunk of it again."""
    positions = [event.position for event in chunk.events]
    return chunk.body(), orjson.dumps([positions, [event.origin for event in chunk.events]])


def unpacked(body: bytes, told: bytes, *, in_doubt: bool) -> Chunk:
    """The chunk again; its records are made of the bytes. Raises ValueError."""
    try:
        each = zip(*orjson.loads(told), strict=True)
        entries = tuple(
            tuple(_event(opening, data, *next(each)) for data in events)
            for opening, events in _taken_apart(body.decode())
        )
    except (KeyError, IndexError, StopIteration, RuntimeError, TypeError) as error:
        raise ValueError("the parts don't fit together") from error
    chunk = Chunk(entries, in_doubt)
    if chunk.body() != body or next(each, None) is not None:
        raise ValueError("the parts don't make the whole")
    return chunk


def _taken_apart(body: str) -> Iterator[tuple[bytes, list[bytes]]]:
    """Of each entry what opens it, and its events: their ends are where JSON says they are."""
    at = len(_REQUEST.head.decode())
    while True:
        before, around = next(e for e in _ENTRIES if body.startswith(e[0].decode(), at))
        _, end = _end_of(body, at + len(before))
        start, at = at, end + len(around.head)
        opening = body[start:at].encode()
        events = []
        more = True
        while more:
            _, end = _end_of(body, at)
            events.append(body[at:end].encode())
            more = body[end] == ","
            at = end + 1
        yield opening, events
        at = end + len(around.tail) + 1
        if body[at - 1] != ",":
            return


def _event(opening: bytes, data: bytes, position: int, origin: str | None) -> EncodedEvent:
    # Without a key: its repeats were found when it was read.
    return event_of(opening, data, position, origin=origin, record=record_of(opening, data))
