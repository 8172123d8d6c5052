"""What would become of the events of a source."""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from attrs import frozen

from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST, REQUEST_BYTES
from klaviyo_bulk_events.outcomes import Fate, Outcome, Settlement, Status
from klaviyo_bulk_events.planner import Planner, Record, outcome
from klaviyo_bulk_events.records import Event
from klaviyo_bulk_events.report import Report, Tally


@frozen
class Span:
    """How many events of a metric there are, and when the first and the last happened."""

    events: int
    first: datetime
    last: datetime

    def plus(self, moment: datetime) -> "Span":
        """With one event more."""
        return Span(self.events + 1, min(self.first, moment), max(self.last, moment))


class Survey:
    """Takes records to the point where they would be sent.

    `example` is a request that holds the first event alone. `hear` is told the outcome of each
    record, which is accepted if a request would hold it. `fills` counts requests by how full they
    are, in per cent.
    """

    def __init__(self, planner: Planner, hear: Callable[[Outcome], None]) -> None:
        self._planner = planner
        self._hear = hear
        self._tally = Tally()
        self.metrics: dict[str, Span] = {}
        self.example: bytes | None = None
        self.fills: Counter[int] = Counter()

    def take_all(self, records: Iterable[Record]) -> Report:
        """Take the records; the report of a run in which everything sent is accepted at once."""
        self._tally.begin()
        for record in records:
            self._ready(self._planner.take(record))
        self._ready(self._planner.finish())
        self._tally.end()
        return self._tally.report(self._planner.submitted)

    def _ready(self, ready: Outcome | Chunk | None) -> None:
        if isinstance(ready, Chunk):
            self._chunk(ready)
        elif ready is not None:
            self._tally.add_outcome(ready)
            self._hear(ready)

    def _chunk(self, chunk: Chunk) -> None:
        events = tuple(chunk.events)
        fate = Fate(Status.ACCEPTED, events)
        size = len(chunk.body())
        self._tally.add_settlement(Settlement([fate], requests=1, bytes=size))
        self.fills[_fill(len(events), size)] += 1
        if self.example is None:
            self.example = Chunk(((events[0],),)).body()
        for event in events:
            self._hear(outcome(event, Status.ACCEPTED))
            self._count(event)

    def _count(self, event: EncodedEvent) -> None:
        moment = datetime.fromisoformat(event.time)
        name = _metric(event)
        span = self.metrics.get(name)
        self.metrics[name] = span.plus(moment) if span else Span(1, moment, moment)


def _fill(events: int, size: int) -> int:
    """How full a request is, by events or by bytes: per cent, rounded up to the next ten."""
    share = max(events / EVENTS_PER_REQUEST.value, size / REQUEST_BYTES.value)
    return min(100, math.ceil(share * 10) * 10)


def _metric(event: EncodedEvent) -> str:
    record = event.record
    return str(record.metric if isinstance(record, Event) else (record or {}).get("metric"))
