"""Taking personal data out of a journal."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal.chunks import Chunks, Kept
from klaviyo_bulk_events.journal.files import Lock, beside, remove
from klaviyo_bulk_events.journal.snapshot import half_of, path_of
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.profile_fields import IDENTIFIERS
from klaviyo_bulk_events.report import Tally

_PERSONAL: Final = ("set_aside", "trail", "buckets", "chunks")
_NAMES: Final = (*IDENTIFIERS, "_kx")


def purge(path: Path) -> None:
    """Take everything out but the counts; the run can't go on after it. Raises JournalError."""
    with _alone(path) as store:
        counts = Tally.restored(store.get("tally")) if store.get("tally") else Tally()
        for in_doubt, events in store.rows("SELECT in_doubt, events FROM chunks"):
            counts.add(_status(bool(in_doubt)), events)
        with store.writing():
            for table in _PERSONAL:
                store.execute(f"DELETE FROM {table}")  # noqa: S608
            store.execute("DELETE FROM run WHERE name IN ('identity', 'salt')")
            store.put("tally", counts.counts())
            store.put("purged", True)
        store.vacuum()
        remove(beside(path, "bodies"))
        remove(path_of(path))
        remove(half_of(path))


def forget(path: Path, identifier: str) -> int:
    """Take out the events of the profiles with this identifier; how many there were.

    Raises JournalError, also while there is a snapshot: it must stay what it is until its run ends.
    """
    with _alone(path) as store:
        if path_of(path).exists():
            raise JournalError(
                f"{path_of(path)} holds the source until the run is complete: finish the run, or "
                "purge the journal, first"
            )
        gone = _forget_lines(store, identifier) | _forget_events(store, identifier)
        store.vacuum()
    return len(gone)


def _forget_lines(store: Store, identifier: str) -> set[int]:
    rows = store.rows("SELECT position, line FROM set_aside")
    gone = {at for at, content in rows if _names(orjson.loads(content)["record"], identifier)}
    with store.writing():
        store.execute_many("DELETE FROM set_aside WHERE position = ?", [(at,) for at in gone])
    return gone


def _forget_events(store: Store, identifier: str) -> set[int]:
    chunks = Chunks(store, store.path)
    gone: set[int] = set()
    for kept in chunks.each():
        theirs = [e for e in kept.chunk.events if _names(e.record, identifier)]
        if theirs:
            _take_out(store, chunks, kept, theirs)
            gone |= {event.position for event in theirs}
    chunks.close()
    return gone


def _take_out(store: Store, chunks: Chunks, kept: Kept, theirs: list[EncodedEvent]) -> None:
    left = kept.chunk.without(theirs)
    rest = chunks.write(kept.number, left) if left.entries else None
    in_doubt = kept.chunk.in_doubt
    counts = Tally.restored(store.get("tally"))
    counts.add(_status(in_doubt), len(theirs))
    with store.writing():
        if rest is None:
            chunks.drop(kept)
        else:
            chunks.put(rest, in_doubt=in_doubt)
        store.put("tally", counts.counts())
    chunks.free(kept)


def _status(in_doubt: bool) -> Status:
    return Status.UNKNOWN if in_doubt else Status.UNSENT


def _names(record: Any, identifier: str) -> bool:
    profile = record.get("profile") if isinstance(record, dict) else None
    if isinstance(profile, dict) and identifier in {str(profile.get(name)) for name in _NAMES}:
        return True
    # A record that could not be read, or names its fields with dots, is searched as text.
    return not isinstance(profile, dict) and identifier in str(record)


@contextmanager
def _alone(path: Path) -> Iterator[Store]:
    if not path.exists():
        raise JournalError(f"there is no journal {path}")
    lock = Lock(path)
    try:
        store = Store(path)
        try:
            yield store
        finally:
            store.close()
    finally:
        lock.release()
