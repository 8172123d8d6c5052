"""The database of a spool: its tables, its connections, and what can be wrong with it."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from klaviyo_bulk_events import forks
from klaviyo_bulk_events.errors import SpoolError
from klaviyo_bulk_events.queueing.files import create_private
from klaviyo_bulk_events.write_ahead import use_log

APPLICATION: Final = 0x4B425131
SCHEMA: Final = 1
# AUTOINCREMENT: a number is never used again, so that what was put up to it can be waited for.
_TABLES: Final = """
CREATE TABLE about(name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE events(
    number INTEGER PRIMARY KEY AUTOINCREMENT, arrived REAL NOT NULL, stamped INTEGER NOT NULL,
    key TEXT NOT NULL, opening BLOB NOT NULL, data BLOB NOT NULL
);
"""
_BUSY: Final = 10.0
_PAGES: Final = 10_000
"""Pages in the log, 40 MB, after which who puts writes them back: the sender does it long before.
"""


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
                self._connection = connected(self._path)
            try:
                yield self._connection
            finally:
                if self._closed:
                    self._close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction that writes."""
        with self.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                if connection.in_transaction:  # it may have been rolled back
                    connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

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


def connected(path: Path) -> sqlite3.Connection:
    """A connection to a database that is there."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY,
        isolation_level=None,
        check_same_thread=False,
    )
    pragmas = ("secure_delete=ON", "synchronous=NORMAL", f"wal_autocheckpoint={_PAGES}")
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(path: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Make the tables, unless they are there; what is told in `about`. Raises SpoolError."""
    create_private(path)
    with said(path):
        connection = connected(path)
        try:
            if not check(connection, path):
                connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            use_log(connection)
            connection.execute("BEGIN IMMEDIATE")
            if not pragma(connection, "application_id"):
                _make_tables(connection, about)
            connection.execute("COMMIT")
            return dict(connection.execute("SELECT name, value FROM about"))
        finally:
            connection.close()


def check(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether there is a spool in the file; raises SpoolError if there is something else."""
    application, version = pragma(connection, "application_id"), pragma(connection, "user_version")
    if application == version == pragma(connection, "schema_version") == 0:
        return False
    if application != APPLICATION:
        raise SpoolError(f"{path} is no spool of this package")
    if version > SCHEMA:
        raise SpoolError(
            f"the spool {path} was made by a newer version of this package: "
            "update klaviyo-bulk-events"
        )
    return True


def pragma(connection: sqlite3.Connection, name: str) -> Any:
    """The value of a pragma."""
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def _make_tables(connection: sqlite3.Connection, about: dict[str, Any]) -> None:
    for statement in filter(str.strip, _TABLES.split(";")):
        connection.execute(statement)
    connection.executemany("INSERT INTO about VALUES(?, ?)", about.items())
    connection.execute(f"PRAGMA application_id={APPLICATION}")
    connection.execute(f"PRAGMA user_version={SCHEMA}")


@contextmanager
def said(path: Path) -> Iterator[None]:
    """SQLite's errors as SpoolErrors."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "unable to open" in str(error):
            raise SpoolError(f"there is no spool {path}, or no access to it") from None
        raise SpoolError(f"the spool {path} can't be written: {error}") from None
    except (sqlite3.DatabaseError, ValueError, KeyError):
        raise damaged(path) from None


def damaged(path: Path) -> SpoolError:
    """The error for a spool whose parts don't fit together."""
    return SpoolError(
        f"the spool {path} is damaged, or no spool: move it away, and a new one will be made. "
        "What it holds may be read with sqlite3's .recover"
    )
