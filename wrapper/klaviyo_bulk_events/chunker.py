"""Cuts a stream of encoded events into requests."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from operator import attrgetter
from typing import Final

from attrs import field, frozen

from klaviyo_bulk_events import shape
from klaviyo_bulk_events.encoder import EncodedEvent, Key
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST, REQUEST_BYTES

_REQUEST: Final = shape.request()
_TAIL: Final = shape.profile_entry(backfill=True)[1].tail
# Every entry is counted with a comma before it, which the first does not have.
_EMPTY_SIZE: Final = _REQUEST.size - 1
_COMMA: Final = 1
_AROUND: Final = _COMMA + len(_TAIL)
_warnings_of: Final = attrgetter("warnings")


@frozen
class Chunk:
    """The events of one request: `entries` in the order in which the body holds them.

    `in_doubt`: an earlier session may have sent it, and didn't live to see the answer.
    """

    entries: tuple[tuple[EncodedEvent, ...], ...]
    in_doubt: bool = False
    _body: list[bytes] = field(init=False, factory=list, eq=False, repr=False)
    _warned: list[Mapping[str, int]] = field(init=False, factory=list, eq=False, repr=False)

    @property
    def events(self) -> Iterator[EncodedEvent]:
        """The events, entry by entry."""
        return chain.from_iterable(self.entries)

    def __len__(self) -> int:
        return sum(map(len, self.entries))

    def body(self) -> bytes:
        """The request's exact bytes; the events' own are not encoded again."""
        if not self._body:
            self._body.append(self._joined())
        return self._body[0]

    def warned(self) -> Mapping[str, int]:
        """How many of its events were warned of, by code; counted once, for all who ask."""
        if not self._warned:
            self._warned.append(warned(self.events))
        return self._warned[0]

    def _joined(self) -> bytes:
        parts = [_REQUEST.head]
        for entry in self.entries:
            before = entry[0].opening
            for event in entry:
                parts += (before, event.data)
                before = b","
            parts += (_TAIL, b",")
        parts[-1] = _REQUEST.tail
        # Joined at once: megabytes that are copied twice cost more in page faults than the copying.
        return b"".join(parts)

    def halves(self) -> tuple["Chunk", "Chunk"]:
        """Its two halves, of at least one event each where it has two or more."""
        left = len(self) // 2
        first, second = [], []
        for entry in self.entries:
            first.append(entry[: max(left, 0)])
            second.append(entry[max(left, 0) :])
            left -= len(entry)
        return Chunk(tuple(filter(None, first))), Chunk(tuple(filter(None, second)))

    def without(self, events: Iterable[EncodedEvent]) -> "Chunk":
        """What is left once these events are taken out."""
        out = set(map(id, events))
        left = (tuple(e for e in entry if id(e) not in out) for entry in self.entries)
        return Chunk(tuple(entry for entry in left if entry))


def warned(events: Iterable[EncodedEvent]) -> Mapping[str, int]:
    """How many events were warned of, by code."""
    every = list(map(_warnings_of, events))
    # Events share their warnings: counting them by identity is a fraction of the work.
    shared = dict(zip(map(id, every), every, strict=True))
    counts: Counter[str] = Counter()
    for key, count in Counter(map(id, every)).items():
        for code in {warning.code for warning in shared[key]}:
            counts[code] += count
    return counts


class Chunker:
    """Collects events until a request is full.

    A request's events are grouped by profile and backfill, groups in the order of their first
    event. A request never holds one key twice.
    """

    def __init__(
        self, *, events: int = EVENTS_PER_REQUEST.value, size: int = REQUEST_BYTES.value
    ) -> None:
        self._most_events = events
        self._most_bytes = size
        self._most_of_an_event = size - _EMPTY_SIZE - _AROUND
        self._open()

    def _open(self) -> None:
        self._entries: dict[bytes, list[EncodedEvent]] = {}
        self._keys: set[Key] = set()
        self._size = _EMPTY_SIZE

    def fits(self, event: EncodedEvent) -> bool:
        """Whether a request can hold this event at all."""
        return len(event.data) + len(event.opening) <= self._most_of_an_event

    def add(self, event: EncodedEvent) -> Chunk | None:
        """Take an event that fits; the chunk that was full before it, if one was."""
        opening, key, size = event.opening, event.key, len(event.data)
        entry = self._entries.get(opening)
        size += _COMMA if entry is not None else len(opening) + _AROUND
        full = None
        if (
            self._size + size > self._most_bytes
            or len(self._keys) >= self._most_events
            or key in self._keys
        ):
            full, entry, size = self.close(), None, len(event.data) + len(opening) + _AROUND
        self._size += size
        self._keys.add(key)
        if entry is None:
            self._entries[opening] = [event]
        else:
            entry.append(event)
        return full

    def close(self) -> Chunk | None:
        """The chunk of what was collected, if anything was."""
        chunk = Chunk(tuple(map(tuple, self._entries.values()))) if self._entries else None
        self._open()
        return chunk
