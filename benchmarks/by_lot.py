"""A journal that is kept of some requests and not of others, by lot.

On a machine that others use, one run differs from the next by more than a journal takes, but not
within a second. `Took` tells the CPU from one request to the next, of both kinds.
"""

import gc
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from attrs import define, field

from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.encoder import Key
from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.journal import FileJournal
from klaviyo_bulk_events.journal.ledger import JournalLedger
from klaviyo_bulk_events.ledger import NoLedger
from klaviyo_bulk_events.outcomes import Outcome, Settlement
from klaviyo_bulk_events.repeats import Repeat, Repeats
from klaviyo_bulk_events.steps import Notice
from klaviyo_bulk_events.window_log import WindowLog

_BLOCK: Final = 4
"""Requests of one kind in a row. The first doesn't count: beside it the block before ends."""


class CpuClock:
    """CPU seconds of the process without those of the garbage collector, which come in lumps."""

    def __init__(self) -> None:
        self.collecting = self._since = 0.0
        gc.callbacks.append(self._hear)

    def _hear(self, phase: str, _: object) -> None:
        now = time.process_time()
        if phase == "stop":
            self.collecting += now - self._since
        self._since = now

    def __call__(self) -> float:
        """The seconds until now."""
        return time.process_time() - self.collecting

    def close(self) -> None:
        """Measure nothing more."""
        gc.callbacks.remove(self._hear)


@define
class Took:
    """CPU seconds of single requests, with a journal and without."""

    kept: list[float] = field(factory=list)
    others: list[float] = field(factory=list)


@define
class _Memory:
    """A `repeats.Memory` that is now one and now another."""

    note: Callable[[Key, bytes, bytes], Repeat | None]


class _Ledger(NoLedger):
    """For sources in which every event is good; no run can go on from it."""

    is_durable = True

    def __init__(self, journal: JournalLedger, clock: CpuClock, took: Took) -> None:
        self._journal = journal
        self._clock = clock
        self._took = took
        self._window = Repeats(Intake().window)
        self._missed = self._requests = 0
        self.repeats = self._memory = _Memory(self._window.note)
        self.places = self
        self._last = clock()
        self._lots: list[bool] = []
        self._draw()

    def _draw(self) -> None:
        # Of two blocks one is kept, whichever comes first.
        self._lots = self._lots or random.sample([True, False], 2)
        self._is_kept = self._lots.pop()
        self._memory.note = self._journal.repeats.note if self._is_kept else self._window.note

    def covers(
        self, ready: Outcome | Chunk | None, reached: int, answered: Iterable[Settlement]
    ) -> None:
        """Have the journal cover it, as if there had been no others, or leave it out."""
        if self._is_kept:
            self._journal.covers(ready, reached - self._missed, answered)
        else:
            self._missed = reached - self._journal.reached
        now = self._clock()
        if self._requests % _BLOCK:
            (self._took.kept if self._is_kept else self._took.others).append(now - self._last)
        self._last = now
        self._requests += 1
        if self._requests % _BLOCK == 0:
            self._draw()

    def settled(self, settlement: Settlement) -> None:
        """The journal knows which ones it covered."""
        self._journal.settled(settlement)

    def hear(self, notice: Notice) -> None:
        """Let the journal hear it."""
        if self._is_kept:
            self._journal.hear(notice)

    def resume(self, log: WindowLog, now: float) -> None:
        """There was nothing before."""

    def granted(self, log: WindowLog, now: float) -> None:
        """Let the journal note it."""
        if self._is_kept:
            self._journal.places.granted(log, now)

    def freed(self, log: WindowLog, now: float) -> None:
        """Let the journal note it."""
        if self._is_kept:
            self._journal.places.freed(log, now)

    def close(self) -> None:
        """The run has ended."""
        self._journal.close()


@define
class JournalByLot:
    """A `ledger.Journal`."""

    path: Path
    clock: CpuClock
    took: Took

    def open(self, endpoint: Endpoint, intake: Intake, backfill: bool | None) -> _Ledger:
        """A run's ledger."""
        journal = FileJournal(self.path).open(endpoint, intake, backfill)
        return _Ledger(journal, self.clock, self.took)
