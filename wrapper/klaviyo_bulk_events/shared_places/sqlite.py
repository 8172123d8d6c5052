"""Places in a SQLite file, for the processes of one host."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from klaviyo_bulk_events.answers import Allowance
from klaviyo_bulk_events.boot import boot_id
from klaviyo_bulk_events.errors import ConfigurationError, LimiterError
from klaviyo_bulk_events.places import PlaceLog
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.shared_places.line import HEARTBEAT, SEAT_SECONDS
from klaviyo_bulk_events.sqlite_connection import Connection
from klaviyo_bulk_events.sqlite_files import (
    FileFormat,
    closed_on_error,
    connected,
    transaction,
)
from klaviyo_bulk_events.window_log import WindowLog

_TABLES: Final = """
CREATE TABLE accounts(
    account TEXT PRIMARY KEY, boot TEXT, now REAL NOT NULL, paused_until REAL NOT NULL
);
CREATE TABLE places(
    account TEXT NOT NULL, seat TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY(account, seat)
) WITHOUT ROWID;
CREATE TABLE line(
    number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, seat TEXT NOT NULL,
    alive_until REAL NOT NULL, limits TEXT NOT NULL, UNIQUE(account, seat)
);
"""
_FORMAT: Final = FileFormat(
    what="limiter",
    application_id=0x6B62656C,
    user_version=0,
    tables=_TABLES,
    mend="name another file, or remove this one once nobody uses it",
    error=partial(LimiterError, is_final=True),
    passing=LimiterError,
)
_BUSY_SECONDS: Final = 10.0
# After a crash of the host, which may cost what was written last, every place counts anew.
_PRAGMAS: Final = ("synchronous=NORMAL",)


class SQLitePlaces:
    """See `Places`. Times are those of the host's monotonic clock, which all processes share.

    Under another start of the host, whose clock can't be compared, every place counts as if it were
    taken now: that is safe, whatever the wall clock says. Without a boot id (on systems other than
    Linux) a restart shows by the clock having gone back.
    """

    waits = True
    heartbeat = HEARTBEAT

    def __init__(
        self,
        path: Path,
        account: str,
        rates: Iterable[Rate],
        lease: float,
        clock: Callable[[], float] = time.monotonic,
        boot: Callable[[], str | None] = boot_id,
    ) -> None:
        self._path = path
        self._account = account
        self._rates = tuple(rates)
        self._limits = " ".join(str(rate.limit) for rate in self._rates)
        self._lease = lease
        self._clock = clock
        self._boot = boot() or "unknown"
        self._file: tuple[int, int] | None = None
        self._connection = Connection(self._opened, partial(_FORMAT.said, path))

    def ask(self, seat: str) -> float:
        """See `Places`."""
        with self._log() as (database, log, now):
            database.execute("DELETE FROM line WHERE alive_until <= ?", (now,))
            ahead = self._stand_in_line(database, seat, now)
            wait = log.soonest(now, ahead)
            if wait == 0.0:
                self._delete(database, "line", seat)
                self._hold(database, seat, log.grant(now))
        return wait

    def _stand_in_line(
        self, database: sqlite3.Connection, seat: str, now: float
    ) -> list[list[int]]:
        """Be alive in the line, at its end if new; the limits of those who stand before."""
        database.execute(
            "INSERT INTO line(account, seat, alive_until, limits) VALUES(?, ?, ?, ?) "
            "ON CONFLICT(account, seat) DO UPDATE SET alive_until = excluded.alive_until",
            (self._account, seat, now + SEAT_SECONDS, self._limits),
        )
        ahead = database.execute(
            "SELECT limits FROM line WHERE account = ? AND number < "
            "(SELECT number FROM line WHERE account = ? AND seat = ?) ORDER BY number",
            (self._account, self._account, seat),
        )
        return [list(map(int, limits.split())) for (limits,) in ahead]

    def leave(self, seat: str) -> None:
        """See `Places`."""
        with self._log() as (database, _, _):
            self._delete(database, "line", seat)

    def answered(self, seat: str, allowance: Allowance | None) -> None:
        """See `Places`."""
        with self._log() as (database, log, now):
            until = self._until(database, seat)
            if until is None:  # that long ago that it can't count any more
                return
            log.answered(until, now)
            self._hold(database, seat, min(until, now))
            if allowance is not None:
                for _ in range(log.missing(allowance, until - self._lease)):
                    self._hold(database, f"others-{uuid4().hex}", now)

    def unused(self, seat: str) -> None:
        """See `Places`."""
        with self._log() as (database, _, _):
            self._delete(database, "places", seat)

    def pause(self, seconds: float) -> None:
        """See `Places`."""
        with self._log() as (database, _, now):
            database.execute(
                "UPDATE accounts SET paused_until = max(paused_until, ?) WHERE account = ?",
                (now + seconds, self._account),
            )

    def attach(self, log: PlaceLog) -> None:
        """These places outlive the process by themselves."""

    def detach(self, log: PlaceLog) -> None:
        """These places outlive the process by themselves."""

    def close(self) -> None:
        """See `Places`."""
        self._connection.rest()

    def after_fork(self) -> None:
        """The connection was closed for the fork."""

    def _hold(self, database: sqlite3.Connection, seat: str, until: float) -> None:
        row = (self._account, seat, until)
        database.execute("INSERT OR REPLACE INTO places VALUES(?, ?, ?)", row)

    def _delete(self, database: sqlite3.Connection, table: str, seat: str) -> None:
        where = (self._account, seat)
        database.execute(f"DELETE FROM {table} WHERE account = ? AND seat = ?", where)

    def _until(self, database: sqlite3.Connection, seat: str) -> float | None:
        query = "SELECT until FROM places WHERE account = ? AND seat = ?"
        found = database.execute(query, (self._account, seat)).fetchone()
        return None if found is None else found[0]

    @contextmanager
    def _log(self) -> Iterator[tuple[sqlite3.Connection, WindowLog, float]]:
        """Inside a transaction: what is held, and what time it is."""
        with self._connection.use() as database:
            if _identity(self._path) != self._file:
                gone = f"the limiter {self._path} was removed or replaced"
                raise LimiterError(gone, is_final=True)
            with transaction(database):
                now = self._clock()  # once nobody else can write any more
                yield database, self._read(database, now), now

    def _read(self, database: sqlite3.Connection, now: float) -> WindowLog:
        query = "SELECT boot, now, paused_until FROM accounts WHERE account = ?"
        boot, last, paused = database.execute(query, (self._account,)).fetchone() or ("", now, 0.0)
        if boot and (boot != self._boot or last > now):
            self._count_anew(database, last, now)
            paused += now - last
        row = (self._account, self._boot, now, paused)
        database.execute("INSERT OR REPLACE INTO accounts VALUES(?, ?, ?, ?)", row)
        oldest = now - self._lease - max(rate.seconds for rate in self._rates)
        which = (self._account, oldest)
        database.execute("DELETE FROM places WHERE account = ? AND until < ?", which)
        query = "SELECT until FROM places WHERE account = ?"
        log = WindowLog(self._rates, self._lease)
        log.take_over((until for (until,) in database.execute(query, which[:1])), paused)
        return log

    def _count_anew(self, database: sqlite3.Connection, last: float, now: float) -> None:
        # What was in flight keeps what it had left of its lease.
        query = "UPDATE places SET until = max(until, ?) + ? WHERE account = ?"
        database.execute(query, (last, now - last, self._account))
        database.execute("DELETE FROM line WHERE account = ?", (self._account,))

    def _opened(self) -> sqlite3.Connection:
        connection = connected(self._path, seconds=_BUSY_SECONDS, pragmas=_PRAGMAS, create=True)
        with closed_on_error(connection):
            _FORMAT.prepare(connection, self._path)
        self._file = _identity(self._path)
        return connection


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another under its name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def path_of(url: str) -> Path:
    """The file that a URL names: `sqlite:///relative` or `sqlite:////absolute`.

    Raises ConfigurationError where there can be none.
    """
    name = url.removeprefix("sqlite:///")
    path = Path(os.path.abspath(name))
    if not name or path.is_dir():
        raise ConfigurationError(f"the limiter {url} names no file: sqlite:///PATH does")
    if not path.parent.is_dir():
        raise ConfigurationError(f"there is no folder for the limiter {url}: make {path.parent}")
    return path
