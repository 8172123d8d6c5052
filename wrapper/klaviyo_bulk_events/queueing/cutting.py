"""Cuts what stands first in line into a request."""

from collections.abc import Sequence

from attrs import frozen

from klaviyo_bulk_events.chunker import Chunk, Chunker
from klaviyo_bulk_events.decoder import record_of
from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.planner import repeated
from klaviyo_bulk_events.queueing.backlog import Entry
from klaviyo_bulk_events.repeats import Repeats


@frozen
class Batch:
    """The events of one request, and those before its end that repeat an earlier one.

    `chunk` is None where there are only such. `numbers` are those of the chunk's events, by `id`.
    """

    chunk: Chunk | None
    numbers: dict[int, int]
    repeats: dict[int, Outcome]


class Cutter:
    """Cuts requests of so many events and bytes, finding repeats within a window of keys."""

    def __init__(self, events: int, size: int, window: int) -> None:
        self._events = events
        self._size = size
        self._repeats = Repeats(window)
        self._noted = 0

    def cut(self, entries: Sequence[Entry], *, in_doubt: bool) -> Batch:
        """The first request of these. In doubt, they are what a request held, and go out again."""
        chunker = Chunker(events=self._events, size=self._size)
        numbers: dict[int, int] = {}
        repeats: dict[int, Outcome] = {}
        full = None
        for entry in entries:
            repeat = self._repeat(entry)
            if repeat is not None and not in_doubt:
                repeats[entry.number] = repeat
            else:
                full = chunker.add(entry.event)
                if full is not None:
                    break
                numbers[id(entry.event)] = entry.number
        chunk = full or chunker.close()
        if chunk is not None and in_doubt:
            chunk = Chunk(chunk.entries, in_doubt=True)
        return Batch(chunk, numbers, repeats)

    def _repeat(self, entry: Entry) -> Outcome | None:
        """What an event is settled as that repeats one before it; each is looked at once."""
        if entry.number <= self._noted:
            return None
        self._noted = entry.number
        event = entry.event
        repeat = self._repeats.note(event.key, event.lasting or event.data, event.opening)
        if repeat is None:
            return None
        event.record = record_of(event.opening, event.data)
        return repeated(event, repeat)
