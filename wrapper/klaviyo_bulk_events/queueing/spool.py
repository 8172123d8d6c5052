"""Events that wait in a file, which several processes may share."""

import secrets
import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from klaviyo_bulk_events.decoder import event_of
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.errors import SpoolError
from klaviyo_bulk_events.queueing.backlog import Entry, Front
from klaviyo_bulk_events.queueing.database import connection_to, prepare
from klaviyo_bulk_events.queueing.files import Leadership
from klaviyo_bulk_events.queueing.options import Options
from klaviyo_bulk_events.sqlite_files import pragma

_POLL: Final = 0.2
"""Seconds between two looks whether another process has put something."""
_SOON: Final = 0.05
_GIVEN_BACK: Final = 25_000
"""Pages, 100 MB, that the file shrinks by at a time, once it is empty after an outage."""
_FULL_OR_PUT: Final = """
INSERT INTO events(arrived, stamped, key, opening, data) SELECT ?, ?, ?, ?, ?
WHERE coalesce((SELECT max(number) FROM events) - (SELECT min(number) FROM events), -1) + 1 < ?
"""
_FRONT: Final = """
SELECT count(*), sum(size), min(number), (SELECT arrived FROM events ORDER BY number LIMIT 1)
FROM (SELECT number, length(opening) + length(data) AS size FROM events ORDER BY number LIMIT ?)
"""
_STANDING: Final = """
SELECT (SELECT max(number) FROM events) - number + 1, arrived FROM events ORDER BY number LIMIT 1
"""


class Spool:
    """A line in SQLite. Who puts waits for no disk; the sender has a connection of its own.

    What `put` took survives the death of the process. Raises SpoolError.
    """

    def __init__(self, path: Path, endpoint: Endpoint, options: Options) -> None:
        self._path = path
        self._options = options
        _check(prepare(path, _about(endpoint)), path, endpoint)
        self._putting = connection_to(path)
        self._sending = connection_to(path)
        self._leadership = Leadership(path)
        self._make()

    def _make(self) -> None:
        self.in_doubt = 0
        self._more = threading.Event()
        self._leads = False
        self._is_empty = False
        self._is_written = False
        self._looked: tuple[sqlite3.Connection, int] | None = None

    def renew(self) -> None:
        """Begin anew in a child: the leadership is still the parent's."""
        self._leadership.release()
        self._make()

    def put(self, events: Sequence[EncodedEvent], arrived: float) -> int:
        """Take these, or as many as there is room for."""
        most = self._options.max_events
        rows = ((arrived, e.lasting is not None, e.key, e.opening, e.data, most) for e in events)
        if len(events) == 1:
            with self._putting.use() as connection:
                taken = connection.execute(_FULL_OR_PUT, next(rows)).rowcount
        else:
            with self._putting.transaction() as connection:
                taken = _put_all(connection, rows)
        if self._is_empty and taken:
            self._is_empty = False
            self._more.set()
        return taken

    def wait_for_room(self, seconds: float) -> None:
        """Return when there may be room, or after so many seconds."""
        time.sleep(min(seconds, _SOON))

    def lead(self) -> bool:
        """Whether this process may send now; if it is new to it, what was in flight is in doubt."""
        if not self._leads and self._leadership.take():
            with self._sending.use() as connection:
                row = connection.execute("SELECT value FROM about WHERE name = 'sent'").fetchone()
            self.in_doubt = row[0]
            self._leads = True
        return self._leads

    def front(self, most: int) -> Front | None:
        """What stands first."""
        with self._sending.use() as connection:
            self._looked = (connection, pragma(connection, "data_version"))
            self._is_empty = True  # before it is looked: who puts from now on, wakes the sender
            events, size, oldest, arrived = connection.execute(_FRONT, (most,)).fetchone()
            self._is_empty = not events
            if self._is_written:
                self._write_back(connection)
        return Front(events, size, oldest, arrived) if events else None

    def _write_back(self, connection: sqlite3.Connection) -> None:
        if self._is_empty:
            connection.execute(f"PRAGMA incremental_vacuum({_GIVEN_BACK})").fetchall()
        # An empty log holds no personal data either.
        kind = "TRUNCATE" if self._is_empty else "PASSIVE"
        connection.execute(f"PRAGMA wal_checkpoint({kind})").fetchall()
        self._is_written = False

    def tidy(self) -> None:
        """Move what was put from the log into the database, so that no put has to."""
        with self._sending.use() as connection:
            self._write_back(connection)

    def first(self, most: int, until: int | None) -> list[Entry]:
        """The first events, up to this number."""
        query = (
            "SELECT number, arrived, stamped, key, opening, data FROM events "
            "WHERE number <= ? ORDER BY number LIMIT ?"
        )
        with self._sending.use() as connection:
            rows = connection.execute(query, (until or 2**62, most)).fetchall()
            return [_entry(*row) for row in rows]

    def sending(self, numbers: Collection[int], dropped: Collection[int]) -> bool:
        """They are what stands first, and marked as sent before they are."""
        with self._sending.transaction() as connection:
            _delete(connection, dropped)
            if not numbers:
                return True
            last = max(numbers)
            query = "SELECT count(*) FROM events WHERE number <= ?"
            if connection.execute(query, (last,)).fetchone()[0] != len(numbers):
                connection.execute("ROLLBACK")
                return False
            upto = max(last, self.in_doubt)
            _mark(connection, upto)
        self.in_doubt = upto
        return True

    def settled(self, numbers: Collection[int], in_doubt: int) -> None:
        """Take these out."""
        with self._sending.transaction() as connection:
            _delete(connection, numbers)
            _mark(connection, in_doubt)
        self.in_doubt = in_doubt
        self._is_written = True

    def last(self) -> int:
        """The number of the event that was put last."""
        return self._number("max")

    def holds(self, until: int) -> bool:
        """Whether an event up to this number still waits."""
        return 0 < self._number("min") <= until

    def _number(self, which: str) -> int:
        with self._putting.use() as connection:
            row = connection.execute(f"SELECT {which}(number) FROM events").fetchone()
        return row[0] or 0

    def standing(self) -> tuple[int, float | None]:
        """How many events wait at most, and when the oldest arrived."""
        with self._putting.use() as connection:
            row = connection.execute(_STANDING).fetchone()
        return row or (0, None)

    def wait(self, seconds: float) -> None:
        """Return when somebody, of whatever process, has put more, or after so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._more.wait(min(left, _POLL) if self._leads else left):
                self._more.clear()
                return
            if self._leads and self._is_changed():
                return

    def _is_changed(self) -> bool:
        with self._sending.use() as connection:
            # A version says nothing to another connection, and a fork makes another.
            return self._looked != (connection, pragma(connection, "data_version"))

    def wake(self) -> None:
        """Let whoever waits look again."""
        self._more.set()

    def close(self) -> None:
        """Let another process send."""
        self._putting.close()
        self._sending.close()
        self._leads = False
        self._leadership.release()


def _put_all(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> int:
    for taken, row in enumerate(rows):
        if not connection.execute(_FULL_OR_PUT, row).rowcount:
            return taken
    return taken + 1


def _entry(
    number: int, arrived: float, stamped: int, key: str, opening: bytes, data: bytes
) -> Entry:
    event = event_of(opening, data, number, key=key)
    if stamped:
        event.lasting = data.replace(event.time.encode(), b"", 1)
    return Entry(number, arrived, event)


def _delete(connection: sqlite3.Connection, numbers: Collection[int]) -> None:
    statement = "DELETE FROM events WHERE number BETWEEN ? AND ?"
    connection.executemany(statement, list(_ranges(numbers)))


def _ranges(numbers: Collection[int]) -> Iterator[tuple[int, int]]:
    """The numbers as ranges without gaps."""
    start = before = None
    for number in sorted(numbers):
        if start is None or before is None:
            start = number
        elif number != before + 1:
            yield start, before
            start = number
        before = number
    if start is not None and before is not None:
        yield start, before


def _mark(connection: sqlite3.Connection, last: int) -> None:
    """What is left up to here may have been sent."""
    connection.execute("UPDATE about SET value = ? WHERE name = 'sent'", (last,))


def _about(endpoint: Endpoint) -> dict[str, Any]:
    salt = secrets.token_hex(16)
    return {"salt": salt, "account": _account(endpoint, salt), "host": endpoint.host, "sent": 0}


def _account(endpoint: Endpoint, salt: str) -> str:
    account = endpoint.salted_account(salt)
    if account is None:
        raise SpoolError(
            "with a callable for the token a spool needs the account's name: give account"
        )
    return account


def _check(about: dict[str, Any], path: Path, endpoint: Endpoint) -> None:
    if about["account"] != _account(endpoint, about["salt"]):
        raise SpoolError(
            f"the spool {path} is that of another account (another API key): give each its own"
        )
    if about["host"] != endpoint.host:
        raise SpoolError(
            f"the spool {path} is for {about['host']}, not for {endpoint.host}: give each its own"
        )
