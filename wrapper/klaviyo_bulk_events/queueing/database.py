"""The database of a spool: its tables, its connections, and what can be wrong with it."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from klaviyo_bulk_events import forks
from klaviyo_bulk_events.errors import SpoolError
from klaviyo_bulk_events.queueing.files import create_private
from klaviyo_bulk_events.sqlite_files import FileFormat, connected, transaction

# AUTOINCREMENT: a number is never used again, so that what was put up to it can be waited for.
_TABLES: Final = """
CREATE TABLE about(name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE events(
    number INTEGER PRIMARY KEY AUTOINCREMENT, arrived REAL NOT NULL, stamped INTEGER NOT NULL,
    key TEXT NOT NULL, opening BLOB NOT NULL, data BLOB NOT NULL
);
"""
FORMAT: Final = FileFormat(
    what="spool",
    application_id=0x4B425131,
    user_version=1,
    tables=_TABLES,
    mend=(
        "move it away, and a new one will be made. "
        "What it holds may be read with sqlite3's .recover"
    ),
    error=SpoolError,
)
_BUSY: Final = 10.0
_PAGES: Final = 10_000
"""Pages in the log, 40 MB, after which who puts writes them back: the sender does it long before.
"""
_PRAGMAS: Final = ("secure_delete=ON", "synchronous=NORMAL", f"wal_autocheckpoint={_PAGES}")


class Database:
    """A connection that is opened when it is needed, and closed while the process forks.

    SQLite's connections can't be carried over a fork, not even to be closed there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._closed = False
        self._inherited: list[sqlite3.Connection] = []
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        forks.around(self._before_fork, self._after_fork)

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone. Raises SpoolError."""
        with self._lock, said(self._path):
            if self._connection is None:
                self._connection = opened(self._path)
            try:
                yield self._connection
            finally:
                if self._closed:
                    self._close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction that writes."""
        with self.use() as connection, transaction(connection):
            yield connection

    def _before_fork(self) -> None:
        self._lock.acquire()
        self._close()

    def _after_fork(self) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Begin anew in a child."""
        self._lock = threading.RLock()
        if self._connection is not None:  # forked by what calls no hook before
            self._inherited.append(self._connection)
            self._connection = None

    def close(self) -> None:
        """Keep no connection any more."""
        with self._lock, said(self._path):
            self._closed = True
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def opened(path: Path) -> sqlite3.Connection:
    """A connection to a database that is there."""
    return connected(path, seconds=_BUSY, pragmas=_PRAGMAS)


def prepare(path: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Make the tables, unless they are there; what is told in `about`. Raises SpoolError."""
    create_private(path)
    with said(path):
        connection = opened(path)
        try:
            if not FORMAT.is_in(connection, path):
                connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            FORMAT.prepare(connection, path, partial(_fill, about))
            return dict(connection.execute("SELECT name, value FROM about"))
        finally:
            connection.close()


def _fill(about: dict[str, Any], connection: sqlite3.Connection) -> None:
    connection.executemany("INSERT INTO about VALUES(?, ?)", about.items())


@contextmanager
def said(path: Path) -> Iterator[None]:
    """SQLite's errors as SpoolErrors."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise FORMAT.told(path, error) from None
    except (ValueError, KeyError):
        raise FORMAT.damaged(path) from None
