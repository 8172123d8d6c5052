"""The journal's database: its tables, its transactions, and what can be wrong with it."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal.files import create_private
from klaviyo_bulk_events.sqlite_files import (
    FileFormat,
    closed_on_error,
    connected,
    pragma,
    transaction,
)

SCHEMA: Final = 1
_TABLES: Final = """
CREATE TABLE run(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE trail(
    number INTEGER PRIMARY KEY, reached INTEGER NOT NULL, contents BLOB NOT NULL
);
CREATE TABLE chunks(
    number INTEGER PRIMARY KEY, slot INTEGER NOT NULL, body INTEGER NOT NULL,
    told INTEGER NOT NULL, in_doubt INTEGER NOT NULL, events INTEGER NOT NULL
);
CREATE TABLE set_aside(
    position INTEGER PRIMARY KEY, chunk INTEGER, status TEXT NOT NULL, line BLOB NOT NULL
);
CREATE INDEX set_aside_by_chunk ON set_aside(chunk) WHERE chunk IS NOT NULL;
"""
_FORMAT: Final = FileFormat(
    what="journal",
    application_id=0x4B424A31,
    user_version=SCHEMA,
    tables=_TABLES,
    mend=(
        "nothing can be said of its run. To send everything again, with the same unique_ids and a "
        "new journal, is harmless"
    ),
    error=JournalError,
)
damaged = _FORMAT.damaged
_BUSY: Final = 10.0
_PRAGMAS: Final = ("secure_delete=ON", "synchronous=FULL")


class Store:
    """A connection to the database, which threads take turns with.

    Everything raises JournalError for what SQLite says of a full disk or a damaged file.
    """

    def __init__(self, path: Path, *, writes: bool = True) -> None:
        self.path = path
        self._lock = threading.RLock()
        if writes:
            create_private(path)
        with self._said():
            self._connection = connected(path, seconds=_BUSY, pragmas=_PRAGMAS)
            with closed_on_error(self._connection):
                self.is_new = self._open(writes=writes)

    def _open(self, *, writes: bool) -> bool:
        is_new = not _FORMAT.is_in(self._connection, self.path)
        if not is_new and pragma(self._connection, "quick_check") != "ok":
            raise damaged(self.path)
        if writes:
            _FORMAT.prepare(self._connection, self.path)
        return is_new

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction."""
        with self._lock, self._said(), transaction(self._connection):
            yield

    @contextmanager
    def _unsynchronised(self) -> Iterator[None]:
        self._connection.execute("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA synchronous=FULL")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction in which all that is read is of one moment; it holds nobody up."""
        with self._lock, self._said(), transaction(self._connection, "DEFERRED"):
            yield

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Run a statement, inside a transaction."""
        self._connection.execute(statement, values)

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each row, inside a transaction."""
        self._connection.executemany(statement, rows)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        with self._lock, self._said():
            return self._connection.execute(query, values).fetchall()

    def each(self, table: str, columns: str, key: str) -> Iterator[Any]:
        """The rows of a table in the order of their key, read as they are asked for."""
        last = -1
        query = f"SELECT {key}, {columns} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT 64"
        while rows := self.rows(query, (last,)):
            for row in rows:
                yield row[1:]
            last = rows[-1][0]

    def get(self, name: str) -> Any:
        """What was put under a name; None if nothing was."""
        rows = self.rows("SELECT value FROM run WHERE name = ?", (name,))
        try:
            return orjson.loads(rows[0][0]) if rows else None
        except orjson.JSONDecodeError:
            raise damaged(self.path) from None

    def put(self, **named: Any) -> None:
        """Put JSON values under their names, inside a transaction."""
        # In one statement: for each, threads give way to one another.
        rows = ", ".join(["(?, ?)"] * len(named))
        values = [part for name, value in named.items() for part in (name, orjson.dumps(value))]
        self.execute(f"INSERT OR REPLACE INTO run VALUES {rows}", values)

    def note(self, **named: Any) -> None:
        """Put values by themselves; that survives the process, but maybe not the host."""
        with self._lock, self._said(), self._unsynchronised():
            self.put(**named)

    def vacuum(self) -> None:
        """Give back what is free, and leave nothing in the write-ahead log."""
        with self._lock, self._said():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connection."""
        with self._lock, self._said():
            self._connection.close()

    def _said(self) -> AbstractContextManager[None]:
        """SQLite's errors as JournalErrors."""
        return _FORMAT.said(self.path)


def purged(path: Path) -> JournalError:
    """The error for a journal that has nothing left of its run but counts."""
    return JournalError(f"the journal {path} was purged: its run can't go on")
