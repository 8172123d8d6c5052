"""What a run knows of itself, whichever driver carries it."""

from collections.abc import Iterable, Iterator

from klaviyo_bulk_events.brake import Brake
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.ledger import Ledger
from klaviyo_bulk_events.limiter import Limiter
from klaviyo_bulk_events.outcomes import Fate, Outcome, Settlement, Status
from klaviyo_bulk_events.planner import Planner, Record, outcome
from klaviyo_bulk_events.report import Report, StoppedError


class Progress:
    """Counts what is settled, and remembers what ended the run early.

    `is_durable`: what is covered or settled is written to a disk.
    """

    def __init__(self, planner: Planner, limiter: Limiter, ledger: Ledger) -> None:
        self._limiter = limiter
        self._planner = planner
        self._ledger = ledger
        self.is_durable = ledger.is_durable
        self._tally = ledger.tally()
        self._reached = ledger.reached
        self._pending = ledger.pending()
        self._brake = Brake()
        self._refused: str | None = None
        self._failure: Exception | None = None
        self._is_begun = self._is_attached = False

    def begin(self) -> None:
        """The run begins: from now on its ledger hears of every place at the limiter."""
        self._is_begun = True
        self._tally.begin()
        if self._ledger.places is not None:
            self._limiter.attach(self._ledger.places)
            self._is_attached = True

    def end_unless_begun(self) -> None:
        """End a run of which nothing was asked yet, and which nobody will ask any more."""
        if not self._is_begun:
            self._is_begun = True
            self.end(())

    def pending(self) -> Chunk | None:
        """The next of what sessions before left unsettled: it goes first."""
        return next(self._pending, None)

    def read(self, record: Record) -> tuple[Outcome | Chunk, int] | None:
        """Take one record; what is ready by it, and the point reached in the source."""
        position = self._planner.submitted
        if position < self._reached:
            self._ledger.recognise(self._planner.look(record), position)
            return None
        ready = self._planner.take(record)
        if ready is None:
            return None
        # A chunk is full when an event comes that it can't hold: that one is not covered yet.
        return ready, position if isinstance(ready, Chunk) else position + 1

    def finish(self, answered: Iterable[Settlement], *, stopped: bool) -> Chunk | Settlement | None:
        """The last chunk; after it, all that was read is covered."""
        read = self._planner.submitted
        last = self._planner.finish()
        if isinstance(self._failure, JournalError):
            return never_sent(last) if last else None
        ready = self.cover(last, read, answered) if read >= self._reached else None
        if not stopped and self._failure is None:
            self._end_of_source(read)
        return ready if not isinstance(ready, Outcome) else None

    def _end_of_source(self, read: int) -> None:
        try:
            self._ledger.end_of_source(read)
        except JournalError as error:
            self._failure = error

    def cover(
        self,
        ready: Outcome | Chunk | None,
        reached: int,
        answered: Iterable[Settlement],
    ) -> Outcome | Chunk | Settlement | None:
        """Have what is ready remembered; in place of a chunk that can't be, its settlement.

        `answered` are settlements that are still to be added.
        """
        try:
            instead = self._ledger.covers(ready, reached, answered)
        except JournalError as error:
            self.failed(error)
            return never_sent(ready) if isinstance(ready, Chunk) else ready
        return ready if instead is None else instead

    def add(self, settled: Outcome | Settlement) -> bool:
        """Count what was settled; false if the run has to stop for it."""
        if isinstance(settled, Outcome):
            self._tally.add_outcome(settled)
            return self._failure is None
        reason = settled.stop or self._brake.see(settled)
        self._remember(settled)  # which may add what became of the chunk before
        self._tally.add_settlement(settled)
        self._refused = self._refused or settled.stop
        self._tally.stopped = self._tally.stopped or reason
        return reason is None and not isinstance(self._failure, JournalError)

    def _remember(self, settlement: Settlement) -> None:
        try:
            self._ledger.settled(settlement)
        except JournalError as error:
            self.failed(error)

    def failed(self, error: Exception) -> None:
        """The source or the journal failed: what is under way is settled, then the error goes on.

        The first error counts.
        """
        self._failure = self._failure or error

    def end(self, left: Iterable[Settlement]) -> dict[Status, int]:
        """Count what was under way when the run was left, and what was never sent; how many."""
        self._tally.end()
        before = self._tally.by_status()
        for settlement in left:
            self._remember(settlement)
            self._tally.add_settlement(settlement)
        last = self._planner.finish()
        if last is not None:
            self._tally.add_settlement(never_sent(last))
        self._planner.submitted = max(self._planner.submitted, self._reached)
        self._count_pending()
        self._tally.book_unsent(self._planner.submitted)
        if self._ledger.places is not None and self._is_attached:
            self._limiter.detach(self._ledger.places)
        try:
            self._ledger.close()
        except JournalError as error:
            self.failed(error)
        return dict(self._tally.by_status() - before)

    def _count_pending(self) -> None:
        try:
            for chunk in self._pending:
                self._tally.add_settlement(never_sent(chunk))
        except JournalError as error:
            self.failed(error)
        if isinstance(self._failure, JournalError):
            # Of what can't be read from the journal any more, nobody knows whether it was sent.
            self._tally.add(Status.UNKNOWN, self._planner.submitted - self._tally.settled)

    def report(self) -> Report:
        """The sum, once everything that was taken is settled."""
        return self._tally.report(self._planner.submitted)

    def raise_if_ended_early(self) -> None:
        """Raise StoppedError, or what the source raised."""
        if self._refused is not None:
            raise StoppedError(self._refused, self.report()) from self._failure
        if self._failure is not None:
            self._failure.add_note(f"what was taken before is settled: {self.report()}")
            raise self._failure


def never_sent(chunk: Chunk) -> Settlement:
    """The settlement of a chunk that this session didn't send."""
    status = Status.UNKNOWN if chunk.in_doubt else Status.UNSENT
    told = None if chunk.in_doubt else chunk
    return Settlement([Fate(status, tuple(chunk.events))], chunk=told)


def outcomes(settled: Outcome | Settlement) -> Iterator[Outcome]:
    """The outcomes of single events."""
    if isinstance(settled, Outcome):
        yield settled
        return
    for fate in settled.fates:
        for event in fate.events:
            yield outcome(event, fate.status, *fate.problems)
