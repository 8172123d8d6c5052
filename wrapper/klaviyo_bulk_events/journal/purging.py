"""Taking personal data out of a journal."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
from attrs import frozen

from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal import forgotten
from klaviyo_bulk_events.journal.chunks import Chunks, Kept
from klaviyo_bulk_events.journal.files import OF_A_RUN, OF_SQLITE, Lock, beside, remove
from klaviyo_bulk_events.journal.lines import Lines
from klaviyo_bulk_events.journal.snapshot import path_of
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.outcomes import Fate, Status
from klaviyo_bulk_events.planner import nameless
from klaviyo_bulk_events.problems import FORGOTTEN, FORGOTTEN_IN_FLIGHT
from klaviyo_bulk_events.profile_fields import identifiers_of, spelt
from klaviyo_bulk_events.report import Tally

_PERSONAL: Final = ("set_aside", "trail", "chunks")


@frozen
class TakenOut:
    """How many events were taken out; `in_doubt` of them had been sent, and have no answer."""

    events: int
    in_doubt: int


def purge(path: Path) -> None:
    """Take everything out but the counts; the run can't go on after it. Raises JournalError.

    Where no run was begun, or its database is gone, what is left beside it is removed.
    """
    if not path.exists() and _remove_beside(path, *OF_A_RUN, *OF_SQLITE):
        return
    with _alone(path) as store:
        counts = Tally.restored(store.get("tally")) if store.get("tally") else Tally()
        for in_doubt, events in store.rows("SELECT in_doubt, events FROM chunks"):
            counts.add(_status(bool(in_doubt)), events)
        with store.writing():
            for table in _PERSONAL:
                store.execute(f"DELETE FROM {table}")
            store.execute("DELETE FROM run WHERE name IN ('identity', 'salt', 'forgotten')")
            store.put(tally=counts.counts(), purged=True)
        store.vacuum()
        for name in OF_A_RUN:
            remove(beside(path, name))


def _remove_beside(path: Path, *names: str) -> bool:
    """Remove files of a journal without its database; whether there were any."""
    left = [file for name in names if (file := beside(path, name)).exists()]
    if left:
        lock = Lock(path)
        try:
            for file in left:
                remove(file)
        finally:
            lock.release()
    return bool(left)


def forget(path: Path, identifier: str) -> TakenOut:
    """Take out the events of the profiles with this identifier, and have the run pass over others.

    Raises JournalError, also while there is a snapshot: it must stay what it is until its run ends.
    """
    with _alone(path) as store:
        if path_of(path).exists():
            raise JournalError(
                f"{path_of(path)} holds the source until the run is complete: finish the run, or "
                "purge the journal, first"
            )
        if store.get("purged"):
            return TakenOut(0, 0)
        with store.writing():
            forgotten.add(store, identifier)
        of_lines = _forget_lines(store, identifier)
        of_chunks = _forget_events(store, identifier)
        store.vacuum()
    return TakenOut(len(of_lines | of_chunks.keys()), sum(of_chunks.values()))


def _forget_lines(store: Store, identifier: str) -> set[int]:
    rows = store.rows("SELECT position, line FROM set_aside")
    gone = {at for at, content in rows if _names(orjson.loads(content)["record"], identifier)}
    with store.writing():
        store.execute_many("DELETE FROM set_aside WHERE position = ?", [(at,) for at in gone])
    return gone


def _forget_events(store: Store, identifier: str) -> dict[int, bool]:
    """Take events out of what was left unsettled; of each position, whether it is in doubt."""
    chunks = Chunks(store, store.path)
    gone: dict[int, bool] = {}
    for kept in chunks.each():
        theirs = [e for e in kept.chunk.events if _names(e.record, identifier)]
        if theirs:
            _take_out(store, chunks, kept, theirs)
            gone |= {event.position: kept.chunk.in_doubt for event in theirs}
    chunks.close()
    return gone


def _take_out(store: Store, chunks: Chunks, kept: Kept, theirs: list[EncodedEvent]) -> None:
    left = kept.chunk.without(theirs)
    rest = chunks.write(kept.number, left) if left.entries else None
    in_doubt = kept.chunk.in_doubt
    why = FORGOTTEN_IN_FLIGHT if in_doubt else FORGOTTEN
    counts = Tally.restored(store.get("tally"))
    # Neither unknown nor unsent, whatever they are: nothing would ever settle them.
    counts.add_fate(Fate(Status.REJECTED, theirs, (why,)))
    lines = Lines(store, backfill=store.get("backfill"), local=None)
    for event in theirs:
        lines.add(nameless(event.position, event.origin, why))
    with store.writing():
        if rest is None:
            chunks.drop(kept)
        else:
            chunks.put(rest, in_doubt=in_doubt)
        lines.save()
        store.put(tally=counts.counts())
    chunks.free(kept)


def _status(in_doubt: bool) -> Status:
    return Status.UNKNOWN if in_doubt else Status.UNSENT


def _names(record: Any, identifier: str) -> bool:
    profile = record.get("profile") if isinstance(record, dict) else None
    sought = spelt(identifier)
    if isinstance(profile, dict):
        return sought in identifiers_of(profile)
    # A record that could not be read, or names its fields with dots, is searched as text.
    text = str(record)
    return sought in (text.casefold() if "@" in sought else text)


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
