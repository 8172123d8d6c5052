"""What can be seen of a spool, and taken out of it, while processes use it or not."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
from attrs import frozen

from klaviyo_bulk_events.decoder import profile_of
from klaviyo_bulk_events.errors import SpoolError
from klaviyo_bulk_events.profile_fields import identifiers_of, spelt
from klaviyo_bulk_events.queueing.database import FORMAT, opened, said
from klaviyo_bulk_events.queueing.files import Leadership
from klaviyo_bulk_events.sqlite_files import pragma, transaction


@frozen(kw_only=True)
class SpoolStanding:
    """What waits in a spool: events, their bytes, and when the oldest arrived (Unix time).

    `in_doubt` of them may have been sent before. `is_served`: a process sends them.
    """

    events: int
    bytes: int
    in_doubt: int
    arrived: float | None
    is_served: bool


@frozen
class TakenOut:
    """How many events were taken out, and how many could not be: a request with them is on its way.

    Those are gone once it is answered.
    """

    events: int
    under_way: int


def is_spool(path: Path) -> bool:
    """Whether there is a spool, of whatever version, in this file."""
    if not path.is_file():
        return False
    with suppress(sqlite3.Error):
        connection = opened(path)
        try:
            return bool(pragma(connection, "application_id") == FORMAT.application_id)
        finally:
            connection.close()
    return False


def standing(path: Path) -> SpoolStanding:
    """What waits. Raises SpoolError."""
    query = "SELECT count(*), sum(length(opening) + length(data)), min(arrived) FROM events"
    doubtful = "SELECT count(*) FROM events WHERE number <= ?"
    with _opened(path) as connection:
        events, size, arrived = connection.execute(query).fetchone()
        (in_doubt,) = connection.execute(doubtful, (_sent(connection),)).fetchone()
    return SpoolStanding(
        events=events,
        bytes=size or 0,
        in_doubt=in_doubt,
        arrived=arrived,
        is_served=_is_served(path),
    )


def purge(path: Path) -> TakenOut:
    """Take out every event that no request holds at the moment. Raises SpoolError."""
    return _take_out(path, None)


def forget(path: Path, identifier: str) -> TakenOut:
    """Take out the events of the profiles with this identifier. Raises SpoolError."""
    return _take_out(path, identifier)


def _take_out(path: Path, identifier: str | None) -> TakenOut:
    leadership = Leadership(path)
    is_alone = leadership.take()
    try:
        with _opened(path) as connection:
            with transaction(connection):
                upto = 0 if is_alone else _sent(connection)
                found = _found(connection, identifier)
                gone = [(number,) for number in found if number > upto]
                connection.executemany("DELETE FROM events WHERE number = ?", gone)
            if is_alone:
                connection.execute("VACUUM")
            # What was deleted is in the log, too.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return TakenOut(len(gone), len(found) - len(gone))
    finally:
        leadership.release()


def _found(connection: sqlite3.Connection, identifier: str | None) -> list[int]:
    if identifier is None:
        return [number for (number,) in connection.execute("SELECT number FROM events")]
    sought = spelt(identifier)
    # As it stands in JSON; what has it somewhere is then looked at closely. Not by SQLite, which
    # knows no case but ASCII's.
    text = orjson.dumps(sought)[1:-1].decode().casefold()
    rows = connection.execute("SELECT number, opening FROM events")
    return [
        number
        for number, opening in rows
        if text in opening.decode().casefold() and sought in identifiers_of(profile_of(opening))
    ]


def _sent(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("SELECT value FROM about WHERE name = 'sent'").fetchone()
    return int(number)


def _is_served(path: Path) -> bool:
    leadership = Leadership(path)
    try:
        return not leadership.take()
    finally:
        leadership.release()


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise SpoolError(f"there is no spool {path}")
    with said(path):
        connection = opened(path)
        try:
            if not FORMAT.is_in(connection, path):
                raise FORMAT.foreign(path)
            yield connection
        finally:
            connection.close()
