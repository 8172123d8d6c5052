"""What a run knows of itself, whichever driver carries it."""

from collections.abc import Iterable, Iterator

from klaviyo_bulk_events.brake import Brake
from klaviyo_bulk_events.outcomes import Fate, Outcome, Settlement, Status
from klaviyo_bulk_events.planner import Planner, outcome
from klaviyo_bulk_events.report import Report, StoppedError, Tally


class Progress:
    """Counts what is settled, and remembers what ended the run early."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._tally = Tally()
        self._brake = Brake()
        self._refused: str | None = None
        self._failure: Exception | None = None

    def add(self, settled: Outcome | Settlement) -> bool:
        """Count what was settled; false if the run has to stop for it."""
        if isinstance(settled, Outcome):
            self._tally.add_outcome(settled)
            return True
        self._tally.add_settlement(settled)
        self._refused = self._refused or settled.stop
        reason = settled.stop or self._brake.see(settled)
        self._tally.stopped = self._tally.stopped or reason
        return reason is None

    def source_failed(self, error: Exception) -> None:
        """The source raised: what was taken is settled first, then the error goes on."""
        self._failure = error

    def end(self, left: Iterable[Settlement]) -> None:
        """Count what was under way when the run was left, and what was never sent."""
        for settlement in left:
            self._tally.add_settlement(settlement)
        chunk = self._planner.finish()
        if chunk is not None:
            self._tally.add_settlement(Settlement([Fate(Status.UNSENT, tuple(chunk.events))]))
        self._tally.book_unsent(self._planner.submitted)

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


def outcomes(settled: Outcome | Settlement) -> Iterator[Outcome]:
    """The outcomes of single events."""
    if isinstance(settled, Outcome):
        yield settled
        return
    for fate in settled.fates:
        for event in fate.events:
            yield outcome(event, fate.status, *fate.problems)
