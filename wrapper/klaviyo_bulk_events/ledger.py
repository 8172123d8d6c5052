"""What a run needs of whoever remembers it beyond its end."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.outcomes import Outcome, Settlement
from klaviyo_bulk_events.places import PlaceLog
from klaviyo_bulk_events.repeats import Memory
from klaviyo_bulk_events.report import Tally
from klaviyo_bulk_events.steps import Notice


class Ledger(Protocol):
    """Remembers what a run has read and what became of it, so that another can go on from there.

    What has to be on disk is there when a method returns; what can't be raises JournalError.
    `is_durable`: `covers` and `settled` take as long as a disk or a network does.
    """

    is_durable: bool

    @property
    def places(self) -> PlaceLog | None:
        """Told of every place at the limiter."""

    @property
    def repeats(self) -> Memory | None:
        """Finds repeats over the whole run, in place of a window."""

    @property
    def reached(self) -> int:
        """How many records of the source were read before."""

    def hear(self, notice: Notice) -> None:
        """Told of every notice."""

    def tally(self) -> Tally:
        """What the sessions before counted."""

    def pending(self) -> Iterator[Chunk]:
        """What the sessions before left unsettled."""

    def recognise(self, looked_at: EncodedEvent | Outcome, position: int) -> None:
        """See what a record that was read before is now. Raises JournalError if it is another."""

    def end_of_source(self, position: int) -> None:
        """The source has no more records. Raises JournalError if it had more before."""

    def covers(
        self, ready: Outcome | Chunk | None, reached: int, answered: Iterable[Settlement]
    ) -> Outcome | Chunk | Settlement | None:
        """Remember what is about to be sent, or is settled; the point reached in the source.

        `ready` None: every record up to there was remembered. What it returns takes the place of
        a chunk: what is to be sent of it, or what became of it before; or that of an outcome.
        `answered` will be given to `settled`, and may be remembered here, for one write instead
        of two.
        """

    def settled(self, settlement: Settlement) -> None:
        """Remember what became of a chunk; what became of parts of it before is added to it."""

    def close(self) -> None:
        """The run has ended."""


class Journal(Protocol):
    """Where a run is remembered."""

    def open(self, endpoint: Endpoint, intake: Intake, backfill: bool | None) -> Ledger:
        """Go on with the run, or begin it. Raises JournalError."""


class NoLedger:
    """Remembers nothing: for a run without a journal."""

    is_durable = False
    places: PlaceLog | None = None
    repeats: Memory | None = None
    reached = 0

    def hear(self, notice: Notice) -> None:
        """Nobody asks later."""

    def tally(self) -> Tally:
        """Nothing was counted before."""
        return Tally()

    def pending(self) -> Iterator[Chunk]:
        """Nothing was left."""
        return iter(())

    def recognise(self, looked_at: EncodedEvent | Outcome, position: int) -> None:
        """Nothing was read before."""

    def end_of_source(self, position: int) -> None:
        """Nothing was read before."""

    def covers(
        self, ready: Outcome | Chunk | None, reached: int, answered: Iterable[Settlement]
    ) -> Chunk | Settlement | None:
        """Everything is sent as it is."""
        return None

    def settled(self, settlement: Settlement) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""
