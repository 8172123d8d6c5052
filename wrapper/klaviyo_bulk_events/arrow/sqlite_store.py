"""A chunk ledger in a SQLite file, for the processes of one host."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from klaviyo_bulk_events import private_files
from klaviyo_bulk_events.arrow.store import ChunkName
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.write_ahead import use_log

_BUSY_SECONDS: Final = 60.0
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS chunk_entries(
    run TEXT NOT NULL, account TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL,
    entry BLOB NOT NULL, PRIMARY KEY(run, account, number, at)
) WITHOUT ROWID
"""
_READ: Final = """
SELECT entry FROM chunk_entries WHERE run = ? AND account = ? AND number = ? ORDER BY at
"""
_APPEND: Final = "INSERT OR IGNORE INTO chunk_entries VALUES (?, ?, ?, ?, ?)"


class SQLiteStore:
    """See `Store`. Not for a file system of a network, where SQLite's locks don't hold."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._failing():
            private_files.create(path)
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        use_log(self._connection)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_TABLE)

    def read(self, name: ChunkName) -> Sequence[bytes]:
        """See `Store`."""
        with self._failing():
            rows = self._connection.execute(_READ, (name.run, name.account, name.number))
            return [entry for (entry,) in rows]

    def append(self, name: ChunkName, at: int, entry: bytes) -> bool:
        """See `Store`."""
        with self._failing():
            row = (name.run, name.account, name.number, at, entry)
            return self._connection.execute(_APPEND, row).rowcount == 1

    def close(self) -> None:
        """See `Store`."""
        self._connection.close()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise JournalError(f"the chunk ledger {self._path} can't be used: {error}") from None
