"""What an event, and any record, is known by again: 32 bits, the same in every process."""

import json
from array import array
from collections.abc import Iterable, Iterator
from itertools import repeat
from operator import and_
from typing import Final

from xxhash import xxh3_64_intdigest

from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.json_form import JsonForm
from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.set_aside import as_record

_UNKNOWN: Final = 0
_BITS: Final = (1 << 32) - 1


def of_contents(data: Iterable[bytes], openings: Iterable[bytes]) -> Iterator[int]:
    """Those of events' bytes, their profiles' included."""
    each = map(xxh3_64_intdigest, data, map(xxh3_64_intdigest, openings))
    return map(and_, each, repeat(_BITS))


def of_content(data: bytes, opening: bytes) -> int:
    """That of one event's."""
    return next(of_contents((data,), (opening,)))


def of_record(looked_at: EncodedEvent | Outcome) -> int:
    """That of what a record became."""
    if isinstance(looked_at, EncodedEvent):
        return of_content(looked_at.lasting or looked_at.data, looked_at.opening)
    if looked_at.problems[0].code == "event_too_large":  # whose record may not be kept
        return _UNKNOWN
    record = JsonForm().of(as_record(looked_at.record))
    return of_content(json.dumps(record, sort_keys=True).encode(), b"")


def possible(event: EncodedEvent) -> Iterator[int]:
    """Those of an event of which it isn't known whether it came with a time and a `unique_id`."""
    data = event.data
    yield of_content(data, event.opening)
    for text in filter(None, (event.time, event.unique_id)):
        data = data.replace(text.encode(), b"", 1)
        yield of_content(data, event.opening)


def numbers(packed: bytes) -> "array[int]":
    """Fingerprints as they stand on disk, one after the other."""
    found = array("I")
    found.frombytes(packed)
    return found
