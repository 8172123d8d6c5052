"""Ledgers in files, SQLite and Redis keep the same promise."""

import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events import ConfigurationError
from klaviyo_bulk_events.arrow.store import ChunkName, Store, store_at
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal.store import Store as JournalStore
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.shared_places.sqlite import SQLitePlaces

OpenStore = Callable[[], Store]


def test_an_entry_is_written_once(open_store: OpenStore, run_name: str) -> None:
    """Whoever comes second is told so, and what was there stays, for every process."""
    name = ChunkName(run_name, "shop", 0)
    assert open_store().append(name, 0, b"first")
    assert not open_store().append(name, 0, b"second")
    assert open_store().append(name, 1, b"second")
    assert list(open_store().read(name)) == [b"first", b"second"]


def test_of_many_at_once_one_is_the_first(open_store: OpenStore, run_name: str) -> None:
    """Eight attempts at ten places: each place has one entry, and no entry is half."""
    name = ChunkName(run_name, "shop", 5)

    def attempt(number: int) -> int:
        store = open_store()
        return sum(store.append(name, at, b"%d" % number * 100) for at in range(10))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, range(8))) == 10
    entries = open_store().read(name)
    assert len(entries) == 10
    assert all(len(set(entry)) == 1 and len(entry) == 100 for entry in entries)


def test_whoever_opens_a_new_file_waits_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks begin together, and SQLite waits for no other that switches to a write-ahead log."""
    refusals = 2

    class Busy(sqlite3.Connection):
        def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
            nonlocal refusals
            if "journal_mode" in sql and refusals:
                refusals -= 1
                raise sqlite3.OperationalError("database is locked")
            return super().execute(sql, *given)

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Busy))
    store_at(f"sqlite:///{tmp_path}/chunks.db").close()
    assert refusals == 0


@pytest.mark.parametrize(
    "other",
    [("../run", "shop", 0), ("run", "../run/shop", 0), (".", "..", 0), ("run", "shop", 1_000)],
)
def test_names_are_kept_apart(
    open_store: OpenStore, run_name: str, other: tuple[str, str, int]
) -> None:
    """Whatever characters they have."""
    store = open_store()
    run, account, number = other
    store.append(ChunkName(run_name + run, account, number), 0, b"other")
    assert list(store.read(ChunkName(run_name + "run", "shop", 0))) == []


def test_only_the_owner_may_read_files(tmp_path: Path) -> None:
    """Words of refusals may quote an event."""
    store_at(f"sqlite:///{tmp_path}/chunks.db").close()
    store_at(f"file:{tmp_path}/chunks").append(ChunkName("r", "a", 0), 0, b"x")
    assert stat.S_IMODE((tmp_path / "chunks.db").stat().st_mode) == 0o600
    entry = next(path for path in (tmp_path / "chunks").rglob("*.0"))
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert [path.name for path in entry.parent.iterdir()] == [entry.name]


def make_journal(path: Path) -> None:
    JournalStore(path).close()


def make_limiter(path: Path) -> None:
    places = SQLitePlaces(path, "account", [Rate(1, 1.0)], 60.0)
    places.ask("seat")
    places.close()


def make_tables(path: Path, *statements: str) -> None:
    """Run statements on a database that may be another program's."""
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


UNMARKED = """
CREATE TABLE IF NOT EXISTS chunk_entries(
    run TEXT NOT NULL, account TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL,
    entry BLOB NOT NULL, PRIMARY KEY(run, account, number, at)
) WITHOUT ROWID
"""


@pytest.mark.parametrize(
    "make",
    [
        make_journal,
        make_limiter,
        lambda path: make_tables(path, "CREATE TABLE orders(number)"),
        lambda path: make_tables(path, "CREATE TABLE chunk_entries(run, account, number)"),
        lambda path: make_tables(path, UNMARKED, "CREATE TABLE orders(number)"),
        lambda path: make_tables(path, UNMARKED, "PRAGMA user_version=1"),
    ],
    ids=["journal", "limiter", "theirs", "their chunk_entries", "more than ours", "versioned"],
)
def test_a_database_of_something_else(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """It is named, and left as it is."""
    path = tmp_path / "run.db"
    make(path)
    content = path.read_bytes()
    with pytest.raises(JournalError, match=r"run\.db is no chunk ledger .*: name another file"):
        store_at(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_ledger_is_no_journal(tmp_path: Path) -> None:
    """And whatever else of this package would be put there."""
    store_at(f"sqlite:///{tmp_path}/chunks.db").close()
    with pytest.raises(JournalError, match="no journal of this package"):
        JournalStore(tmp_path / "chunks.db")


def test_a_ledger_that_does_not_say_so(tmp_path: Path) -> None:
    """Earlier ones had no mark: they get one, and their entries count. An empty file may be had."""
    unmarked, empty = tmp_path / "unmarked.db", tmp_path / "empty.db"
    make_tables(unmarked, UNMARKED, "INSERT INTO chunk_entries VALUES ('r', 'a', 0, 0, x'31')")
    empty.touch()
    for path, entries in ((unmarked, [b"1"]), (empty, [])):
        for _ in range(2):
            store = store_at(f"sqlite:///{path}")
            assert list(store.read(ChunkName("r", "a", 0))) == entries
            store.close()
        with sqlite3.connect(path) as connection:
            (mark,) = connection.execute("PRAGMA application_id").fetchone()
        connection.close()
        assert mark.to_bytes(4) == b"KBC1"


def test_a_ledger_of_a_newer_version(tmp_path: Path) -> None:
    """It is not guessed at."""
    path = tmp_path / "chunks.db"
    store_at(f"sqlite:///{path}").close()
    make_tables(path, "PRAGMA user_version=1")
    with pytest.raises(JournalError, match="newer version of this package: update"):
        store_at(f"sqlite:///{path}")


@pytest.mark.parametrize("where", ["", "chunks", "file:", "sqlite:chunks.db", "http://x", "redis:"])
def test_what_names_no_store(where: str) -> None:
    """It says what does."""
    with pytest.raises(ConfigurationError, match="file:FOLDER"):
        store_at(where)


def test_a_store_that_can_t_be_used(tmp_path: Path) -> None:
    """An error of the package, whatever the store; of Redis without its password."""
    (tmp_path / "file").write_text("no database, and no folder, but long enough to be looked at")
    name = ChunkName("r", "a", 0)
    with pytest.raises(JournalError):
        store_at(f"sqlite:///{tmp_path}/file")
    with pytest.raises(JournalError):
        store_at(f"file:{tmp_path}/file").append(name, 0, b"x")
    with pytest.raises(JournalError) as refused:
        store_at("redis://:secret@127.0.0.1:1/0").read(name)
    assert "secret" not in str(refused.value)
