"""Reading a source again: it must be what it was, up to the point that was reached."""

from collections.abc import Iterator

from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal import trail
from klaviyo_bulk_events.journal.fingerprints import of_record
from klaviyo_bulk_events.journal.store import Store, damaged
from klaviyo_bulk_events.outcomes import Outcome


class Reading:
    """Compares what records become now with what they became before."""

    def __init__(self, store: Store) -> None:
        self._path = store.path
        self._before: Iterator[int] = trail.fingerprints(store)

    def check(self, looked_at: EncodedEvent | Outcome, position: int) -> int:
        """Compare a record, of which the positions must come in order; its fingerprint.

        Raises JournalError.
        """
        before = next(self._before, None)
        if before is None:
            raise damaged(self._path)
        if before != of_record(looked_at):
            where = f" ({looked_at.origin})" if looked_at.origin else ""
            raise JournalError(
                f"the source is not what it was: it changed from record {position + 1:,}{where} "
                f"on, which was read before. {_mend(self._path)}"
            )
        return before

    def ended(self, position: int, reached: int) -> None:
        """The source has so many records. Raises JournalError if more of them were read before."""
        if position < reached:
            raise JournalError(
                f"the source is not what it was: it ends after {position:,} records, of which "
                f"{reached:,} were read before. {_mend(self._path)}"
            )


def _mend(path: object) -> str:
    return (
        f"Bring it back as it was to go on with {path}, or send it with a new journal: what was "
        "accepted is known by its unique_id and not recorded twice"
    )
