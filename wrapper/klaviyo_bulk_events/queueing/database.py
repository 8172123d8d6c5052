"""The database of a spool: its tables, its connections, and what can be wrong with it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from klaviyo_bulk_events.errors import SpoolError
from klaviyo_bulk_events.queueing.files import create_private
from klaviyo_bulk_events.sqlite_connection import Connection
from klaviyo_bulk_events.sqlite_files import FileFormat, connected

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


def connection_to(path: Path) -> Connection:
    """A connection to a database that is there. What uses it raises SpoolError."""
    return Connection(partial(opened, path), partial(said, path))


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
