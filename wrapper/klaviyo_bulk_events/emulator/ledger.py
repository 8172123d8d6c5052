"""What is remembered of each request, and what is counted over all of them."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from attrs import define, evolve, field

from klaviyo_bulk_events.emulator.pace import Pace
from klaviyo_bulk_events.emulator.refusals import Flaw

NO_ANSWER: Final = "none"
# As many changed requests can be told of as anybody looks at.
_CHANGED: Final = 100
_FLAWS: Final = 200_000
"""Flaws that are kept over all requests, some 40 MB; of older ones the status stays."""


@define
class RequestRecord:
    """One request to the endpoint, or a POST to another path, which is answered 404.

    `arrived` is in Unix seconds. `bytes` are those of the body as sent; of one that is too large,
    those that were looked at. `status` is that of the answer, None if there was to be none.
    `processed` is what the request itself came to: None where it never was processed, or hasn't
    been yet. `accepted`, `repeats` and `test_addresses` are numbers of events: taken, dropped as
    repeats, and dropped for their address. `flaws` are pairs of code and pointer. `entries` and
    `events` are how many profiles and events it held, None where its body was not read.
    """

    number: int
    arrived: float
    bytes: int
    status: int | None = None
    processed: int | None = None
    fault: str | None = None
    accepted: int = 0
    repeats: int = 0
    test_addresses: int = 0
    flaws: tuple[tuple[str, str | None], ...] = ()
    entries: int | None = None
    events: int | None = None


@define
class Totals:
    """Counts over all requests, those that are no longer kept too."""

    requests: int = 0
    accepted: int = 0
    repeats: int = 0
    test_addresses: int = 0
    statuses: Counter[str] = field(factory=Counter)
    faults: Counter[str] = field(factory=Counter)
    flaws: Counter[str] = field(factory=Counter)


class Ledger:
    """The latest requests, and the totals of all."""

    def __init__(self, keep: int) -> None:
        self.totals = Totals()
        self.pace = Pace()
        self.changes = 0
        self._records: deque[RequestRecord] = deque(maxlen=keep)
        self._changed: deque[RequestRecord] = deque(maxlen=_CHANGED)
        self._flawed: deque[RequestRecord] = deque()
        self._flaws = 0

    def open(self, arrived: float, size: int) -> RequestRecord:
        """Number and keep a request that arrived."""
        self.totals.requests += 1
        record = RequestRecord(self.totals.requests, arrived, size)
        self._records.append(record)
        return record

    def hold(self, record: RequestRecord, size: tuple[int, int] | None) -> None:
        """Note how many profiles and events a request holds, where its body tells."""
        record.entries, record.events = size or (None, None)

    def meet(self, record: RequestRecord, fault: str) -> None:
        """Note the fault that a request meets."""
        record.fault = fault
        self.totals.faults[fault] += 1

    def answer(self, record: RequestRecord, status: int | None) -> None:
        """Note what the client is told, None for nothing."""
        record.status = status
        self.totals.statuses[NO_ANSWER if status is None else str(status)] += 1
        self.change(record)
        self.pace.add(record.arrived, self.changes, requests=1, throttled=int(status == 429))

    def change(self, record: RequestRecord) -> None:
        """Note that there is something new to tell of a request."""
        self.changes += 1
        self._changed.append(record)

    def accept(self, record: RequestRecord, accepted: int, repeats: int, tests: int) -> None:
        """Note how many events were taken, dropped as repeats, and dropped for their address."""
        record.processed = 202
        record.accepted, record.repeats, record.test_addresses = accepted, repeats, tests
        self.totals.accepted += accepted
        self.totals.repeats += repeats
        self.totals.test_addresses += tests
        self.pace.add(record.arrived, self.changes + 1, accepted=accepted)

    def refuse(self, record: RequestRecord, status: int, flaws: Sequence[Flaw]) -> None:
        """Note why nothing of a request was taken."""
        record.processed = status
        record.flaws = tuple((flaw.code, flaw.pointer) for flaw in flaws)
        self.totals.flaws.update(flaw.code for flaw in flaws)
        self._flawed.append(record)
        self._flaws += len(record.flaws)
        while self._flaws > _FLAWS and len(self._flawed) > 1:
            oldest = self._flawed.popleft()
            self._flaws -= len(oldest.flaws)
            oldest.flaws = ()

    def latest(self, limit: int | None, offset: int) -> list[RequestRecord]:
        """Copies of the kept records, oldest first."""
        end = None if limit is None else offset + limit
        return [evolve(record) for record in islice(self._records, offset, end)]

    def changed(self, since: int) -> Iterator[RequestRecord]:
        """Copies of the latest records that changed after so many changes, each once."""
        count = min(self.changes - since, len(self._changed))
        latest = islice(reversed(self._changed), count)
        for record in {record.number: record for record in latest}.values():
            yield evolve(record)

    def newest(self, limit: int, *, before: int | None, troubled: bool) -> list[RequestRecord]:
        """Copies of the kept records before a number, newest first.

        Or of those `troubled`: answered other than 202, or with a fault.
        """
        found = (
            record
            for record in reversed(self._records)
            if (before is None or record.number < before)
            and (not troubled or record.status != 202 or record.fault)
        )
        return [evolve(record) for record in islice(found, limit)]

    def get(self, number: int) -> RequestRecord | None:
        """A copy of the record of this number, if it is still kept."""
        at = number - self._records[0].number if self._records else -1
        return evolve(self._records[at]) if 0 <= at < len(self._records) else None
