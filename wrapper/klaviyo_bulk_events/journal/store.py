"""The journal's database: its tables, its transactions, and what can be wrong with it."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal.files import create_private

SCHEMA: Final = 1
_APPLICATION: Final = 0x4B424A31
_TABLES: Final = """
CREATE TABLE run(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE trail(
    number INTEGER PRIMARY KEY, reached INTEGER NOT NULL,
    keys BLOB NOT NULL, contents BLOB NOT NULL
);
CREATE TABLE chunks(
    number INTEGER PRIMARY KEY, slot INTEGER NOT NULL, body INTEGER NOT NULL,
    told INTEGER NOT NULL, in_doubt INTEGER NOT NULL, events INTEGER NOT NULL
);
CREATE TABLE set_aside(
    position INTEGER PRIMARY KEY, chunk INTEGER, status TEXT NOT NULL, line BLOB NOT NULL
);
CREATE INDEX set_aside_by_chunk ON set_aside(chunk) WHERE chunk IS NOT NULL;
CREATE TABLE buckets(
    bucket INTEGER, batch INTEGER, keys BLOB NOT NULL, contents BLOB NOT NULL,
    PRIMARY KEY(bucket, batch)
) WITHOUT ROWID;
"""


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
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=10.0,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self.is_new = self._open(writes=writes)
            except BaseException:
                self._connection.close()
                raise

    def _open(self, *, writes: bool) -> bool:
        is_new = self._is_new()
        if writes:
            for pragma in ("secure_delete=ON", "journal_mode=WAL", "synchronous=FULL"):
                self._connection.execute(f"PRAGMA {pragma}").fetchall()
            if is_new:
                self._connection.executescript(
                    f"BEGIN; {_TABLES} PRAGMA application_id={_APPLICATION};"
                    f"PRAGMA user_version={SCHEMA}; COMMIT;"
                )
        return is_new

    def _is_new(self) -> bool:
        application = self._pragma("application_id")
        version = self._pragma("user_version")
        if application == version == self._pragma("schema_version") == 0:
            return True
        if application != _APPLICATION:
            raise JournalError(f"{self.path} is no journal of this package")
        if version > SCHEMA:
            raise JournalError(
                f"the journal {self.path} was written by a newer version of this package: "
                "update klaviyo-bulk-events"
            )
        if self._pragma("quick_check") != "ok":
            raise damaged(self.path)
        return False

    def _pragma(self, name: str) -> Any:
        return self._connection.execute(f"PRAGMA {name}").fetchone()[0]

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[None]:
        """A transaction. One that is not durable survives the process, but maybe not the host."""
        with self._lock, self._said():
            if not durable:
                self._connection.execute("PRAGMA synchronous=NORMAL")
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            finally:
                if not durable:
                    self._connection.execute("PRAGMA synchronous=FULL")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction in which all that is read is of one moment; it holds nobody up."""
        with self._lock, self._said():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

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
        query = f"SELECT {key}, {columns} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT 64"  # noqa: S608
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

    def put(self, name: str, value: Any) -> None:
        """Put a JSON value under a name, inside a transaction."""
        self.execute("INSERT OR REPLACE INTO run VALUES(?, ?)", (name, orjson.dumps(value)))

    def vacuum(self) -> None:
        """Give back what is free, and leave nothing in the write-ahead log."""
        with self._lock, self._said():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connection."""
        with self._lock, self._said():
            self._connection.close()

    @contextmanager
    def _said(self) -> Iterator[None]:
        """SQLite's errors as JournalErrors."""
        try:
            yield
        except sqlite3.OperationalError as error:
            text = str(error)
            if "unable to open" in text:
                raise JournalError(f"there is no journal {self.path}, or no access to it") from None
            raise JournalError(f"the journal {self.path} can't be written: {text}") from None
        except sqlite3.DatabaseError:
            raise damaged(self.path) from None


def damaged(path: Path) -> JournalError:
    """The error for a journal whose parts don't fit together."""
    return JournalError(
        f"the journal {path} is damaged, or no journal: nothing can be said of its run. "
        "To send everything again, with the same unique_ids and a new journal, is harmless"
    )


def purged(path: Path) -> JournalError:
    """The error for a journal that has nothing left of its run but counts."""
    return JournalError(f"the journal {path} was purged: its run can't go on")
