"""The lines of what was neither accepted nor there already, as a rejects file has them."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Final, TypeAlias

from klaviyo_bulk_events.decoder import record_of
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.outcomes import Fate, Outcome
from klaviyo_bulk_events.planner import outcome
from klaviyo_bulk_events.set_aside import line

_MANY: Final = 1_000
_Row: TypeAlias = tuple[int, int | None, str, bytes]


class Lines:
    """Keeps lines. Those that wait are saved with what covers their records."""

    def __init__(self, store: Store, *, backfill: bool | None, local: tzinfo | None) -> None:
        self._store = store
        self._backfill = backfill
        self._local = local
        self._waiting: list[_Row] = []
        found = store.rows("SELECT DISTINCT chunk FROM set_aside WHERE chunk IS NOT NULL")
        self._chunks: set[int] = {chunk for (chunk,) in found}

    def add(self, settled: Outcome) -> None:
        """Let the line of an outcome wait."""
        self._waiting.append(self._row(settled, None))

    @property
    def are_many(self) -> bool:
        """Whether so many wait that they should be saved."""
        return len(self._waiting) >= _MANY

    def save(self) -> None:
        """Write down those that wait, inside a transaction."""
        self._write(self._waiting)

    def saved(self) -> None:
        """The transaction is complete."""
        self._waiting.clear()

    def replace(self, chunk: int, final: Sequence[Fate], still_open: Sequence[Fate]) -> None:
        """Write down fates in place of what a chunk had, inside a transaction.

        Those that are still open belong to the chunk, which may yet be settled.
        """
        if chunk in self._chunks:
            self._store.execute("DELETE FROM set_aside WHERE chunk = ?", (chunk,))
        self._write([self._row(settled, None) for settled in _single(final)])
        self._write([self._row(settled, chunk) for settled in _single(still_open)])
        if still_open:
            self._chunks.add(chunk)

    def _row(self, settled: Outcome, chunk: int | None) -> _Row:
        content = line(settled, self._backfill, self._local)
        return settled.position, chunk, settled.status.value, content

    def _write(self, rows: Sequence[_Row]) -> None:
        if rows:
            self._store.execute_many("INSERT OR REPLACE INTO set_aside VALUES(?, ?, ?, ?)", rows)


def _single(fates: Sequence[Fate]) -> Iterator[Outcome]:
    for fate in fates:
        for event in fate.events:
            if event.record is None:
                event.record = record_of(event.opening, event.data)
            yield outcome(event, fate.status, *fate.problems)


def each(store: Store, *, final: bool = False) -> Iterator[tuple[int, bytes]]:
    """Positions and lines in the order of the source; with `final`, of what is settled for good."""
    reached = store.get("reached") or 0
    only = " AND chunk IS NULL" if final else ""
    query = f"SELECT position, line FROM set_aside WHERE position < ?{only} ORDER BY position"
    yield from store.rows(query, (reached,))
