"""A chunk ledger in a SQLite file, for the processes of one host."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from klaviyo_bulk_events import private_files
from klaviyo_bulk_events.arrow.store import ChunkName
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.sqlite_connection import Connection
from klaviyo_bulk_events.sqlite_files import FileFormat, closed_on_error, connected, pragma

_BUSY_SECONDS: Final = 60.0
_TABLE: Final = """
CREATE TABLE chunk_entries(
    run TEXT NOT NULL, account TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL,
    entry BLOB NOT NULL, PRIMARY KEY(run, account, number, at)
) WITHOUT ROWID
"""
_FORMAT: Final = FileFormat(
    what="chunk ledger",
    application_id=0x4B424331,
    user_version=0,
    tables=_TABLE,
    mend=(
        "name another file. Everything is sent again then, which is harmless with the same "
        "unique_ids"
    ),
    error=JournalError,
)
_PRAGMAS: Final = ("synchronous=FULL",)
_READ: Final = """
SELECT entry FROM chunk_entries WHERE run = ? AND account = ? AND number = ? ORDER BY at
"""
_APPEND: Final = "INSERT OR IGNORE INTO chunk_entries VALUES (?, ?, ?, ?, ?)"


class SQLiteStore:
    """See `Store`. Not for a file system of a network, where SQLite's locks don't hold."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            private_files.create(path)
        except OSError as error:
            raise JournalError(
                f"the chunk ledger {path} can't be written: {error.strerror}"
            ) from None
        self._connection = Connection(self._opened, partial(_FORMAT.said, path))
        with self._connection.use():
            pass  # to know now whether it is a ledger

    def _opened(self) -> sqlite3.Connection:
        connection = connected(self._path, seconds=_BUSY_SECONDS, pragmas=_PRAGMAS)
        with closed_on_error(connection):
            if _is_unmarked(connection):
                _FORMAT.mark(connection)
            _FORMAT.prepare(connection, self._path)
        return connection

    def read(self, name: ChunkName) -> Sequence[bytes]:
        """See `Store`."""
        with self._connection.use() as connection:
            rows = connection.execute(_READ, (name.run, name.account, name.number))
            return [entry for (entry,) in rows]

    def append(self, name: ChunkName, at: int, entry: bytes) -> bool:
        """See `Store`."""
        with self._connection.use() as connection:
            row = (name.run, name.account, name.number, at, entry)
            return connection.execute(_APPEND, row).rowcount == 1

    def close(self) -> None:
        """See `Store`."""
        self._connection.close()


def _is_unmarked(connection: sqlite3.Connection) -> bool:
    """Whether it is a ledger from before ledgers said so: it has their table, and no other."""
    marks = (pragma(connection, "application_id"), pragma(connection, "user_version"))
    found = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    return marks == (0, 0) and [sql.strip() for (sql,) in found] == [_TABLE.strip()]
