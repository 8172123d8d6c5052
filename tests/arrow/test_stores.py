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
