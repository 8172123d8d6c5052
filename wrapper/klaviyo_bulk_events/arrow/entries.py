"""What a chunk ledger says of a chunk, and what that comes to.

An attempt says twice something of a chunk: before it sends, that it took it, and of which bytes;
after that, what became of the events. An entry is JSON. It holds no event: their places in the
chunk, what became of them, and the words of refusals. It names the attempt, which so finds its own
entry where it was written and the answer of the store was lost.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import orjson
from attrs import define

from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.outcomes import Fate, Status
from klaviyo_bulk_events.problems import Problem

Said: TypeAlias = tuple[Status, tuple[Problem, ...]]
"""What became of an event, and why."""

OPEN: Final = frozenset({Status.UNKNOWN, Status.UNSENT})
"""What another attempt may still settle."""


def taken(digest: str, events: int, by: str) -> bytes:
    """The entry of an attempt that is about to send so many events, of this digest."""
    return orjson.dumps({"taken": digest, "events": events, "by": by})


def settled(fates: Iterable[Fate], whole: Chunk, by: str) -> bytes:
    """The entry of an attempt that knows what became of events of the whole chunk."""
    places = {id(event): at for at, event in enumerate(whole.events)}
    return orjson.dumps({"settled": [_fate(fate, places) for fate in fates], "by": by})


def _fate(fate: Fate, places: Mapping[int, int]) -> list[Any]:
    problems = [[p.pointer, p.code, p.message] for p in fate.problems]
    return [fate.status.value, _ranges(places[id(event)] for event in fate.events), problems]


def _ranges(places: Iterable[int]) -> list[list[int]]:
    """The places as pairs of the first and the number of those in a row."""
    ranges: list[list[int]] = []
    for place in sorted(places):
        if ranges and sum(ranges[-1]) == place:
            ranges[-1][1] += 1
        else:
            ranges.append([place, 1])
    return ranges


@define
class Standing:
    """What all entries of a chunk come to.

    `under_way` counts the attempts that took it and said nothing since. What became of each event
    is its status and problems: what is final stays, and "may have been recorded" is not taken back.
    """

    digest: str
    under_way: int
    fates: list[Said | None]

    @classmethod
    def of(cls, entries: Sequence[bytes]) -> "Standing":
        """Read entries, of which there is at least one. Raises JournalError."""
        try:
            first = orjson.loads(entries[0])
            standing = cls(first["taken"], 0, [None] * first["events"])
            for entry in entries:
                standing._hear(orjson.loads(entry))
        except (ValueError, KeyError, TypeError, IndexError):
            raise JournalError("the chunk ledger is damaged, or is none") from None
        return standing

    def _hear(self, entry: Mapping[str, Any]) -> None:
        if "settled" not in entry:
            self.under_way += 1
            return
        self.under_way -= 1
        for status, ranges, problems in entry["settled"]:
            fate = Status(status), tuple(Problem(*problem) for problem in problems)
            for first, count in ranges:
                self._settle(first, first + count, fate)

    def _settle(self, first: int, end: int, said: Said) -> None:
        before = self.fates[first:end]
        if len(before) != end - first:
            raise IndexError
        new = [_later(it, said) for it in before] if any(before) else [said] * len(before)
        self.fates[first:end] = new

    def counts(self) -> Iterator[tuple[Said | None, int]]:
        """What was said of how many events."""
        # Events share what was said of them: to count that by identity is a fraction of the work.
        shared = {id(said): said for said in self.fates}
        for key, count in Counter(map(id, self.fates)).items():
            yield shared[key], count

    @property
    def in_doubt(self) -> bool:
        """Whether events that are not settled may have been recorded."""
        told = any(fate is not None and fate[0] is Status.UNKNOWN for fate in self.fates)
        return told or self.under_way > 0

    def of_chunk(self, chunk: Chunk) -> list[Fate]:
        """What became of the chunk's events, as far as anybody said."""
        alike: dict[Said, list[EncodedEvent]] = {}
        for event, fate in zip(chunk.events, self.fates, strict=True):
            if fate is not None:
                alike.setdefault(fate, []).append(event)
        return [Fate(status, events, problems) for (status, problems), events in alike.items()]

    def final(self, chunk: Chunk) -> list[EncodedEvent]:
        """The chunk's events that are not sent any more."""
        return [e for fate in self.of_chunk(chunk) if fate.status not in OPEN for e in fate.events]


def _later(before: Said | None, said: Said) -> Said:
    if before is None or (before[0] in OPEN and said[0] is not Status.UNSENT):
        return said
    return before
