"""SQLite files of this package: made once, told from others', and never half."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from klaviyo_bulk_events.sqlite_files import (
    FileFormat,
    closed_on_error,
    connected,
    transaction,
    use_log,
)

FORMAT = FileFormat(
    what="list",
    application_id=0x4B424C31,
    user_version=1,
    tables="CREATE TABLE items(name); CREATE TABLE more(name);",
    mend="make another",
    error=ValueError,
    passing=TimeoutError,
)


def fill(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO items VALUES ('first')")


def test_many_at_once_make_one_file(tmp_path: Path) -> None:
    """Whoever comes to a new file finds it empty or whole: none takes it for another program's."""

    def prepare(path: Path) -> list[str]:
        connection = connected(path, seconds=30.0, create=True)
        try:
            FORMAT.prepare(connection, path, fill)
            connection.execute("SELECT * FROM more").fetchall()
            return [name for (name,) in connection.execute("SELECT name FROM items")]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            found = threads.map(prepare, [tmp_path / f"{number}.db"] * 8)
            assert list(found) == [["first"]] * 8


def test_what_fails_while_a_file_is_made(tmp_path: Path) -> None:
    """It is empty still, and can be made again."""
    path = tmp_path / "items.db"

    def fail(connection: sqlite3.Connection) -> None:
        fill(connection)
        raise KeyboardInterrupt

    connection = connected(path, seconds=0, create=True)
    with pytest.raises(KeyboardInterrupt):
        FORMAT.prepare(connection, path, fail)
    assert not FORMAT.is_in(connection, path)
    FORMAT.prepare(connection, path)
    assert FORMAT.is_in(connection, path)
    connection.close()


def missing(path: Path) -> None:
    connected(path.with_name("nowhere"), seconds=0)


def locked(path: Path) -> None:
    first, second = (connected(path, seconds=0, create=True) for _ in range(2))
    with closed_on_error(first), closed_on_error(second), transaction(first), transaction(second):
        pass


def damaged(path: Path) -> None:
    path.write_bytes(b"no database" * 100)
    connected(path, seconds=0, pragmas=("schema_version",))


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (missing, ValueError, "there is no list .*, or no access to it"),
        (locked, TimeoutError, "can't be written: database is locked"),
        (damaged, ValueError, "is damaged, or no list: make another"),
    ],
)
def test_what_sqlite_says(
    tmp_path: Path, wrong: Callable[[Path], None], error: type[Exception], says: str
) -> None:
    """It names the file; what may pass by itself is another error than what does not."""
    path = tmp_path / "items.db"
    with pytest.raises(error, match=says), FORMAT.said(path):
        wrong(path)


def test_a_log_that_can_t_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting helps only where others have the file."""

    class Broken(sqlite3.Connection):
        def execute(self, sql: str, *given: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("it waits"))
    connection = sqlite3.connect(tmp_path / "items.db", factory=Broken)
    with pytest.raises(sqlite3.OperationalError, match="I/O"):
        use_log(connection)
    connection.close()
