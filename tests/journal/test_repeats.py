"""Repeats are found over a whole run, in bounded memory."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import Intake, KlaviyoBulkEvents, encoder
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.journal import key_table
from klaviyo_bulk_events.journal.forgotten import Forgotten, PassingOver
from klaviyo_bulk_events.journal.key_table import KeyTable
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.journal.trail import Trail
from klaviyo_bulk_events.repeats import Repeat

from .conftest import KEY


@pytest.mark.parametrize("in_memory", ["all", "few"])
@pytest.mark.parametrize("sessions", [1, 2])
def test_far_repeats(
    emulated: Running,
    records: Callable[[int], list[dict[str, Any]]],
    path: Path,
    request: pytest.FixtureRequest,
    in_memory: str,
    sessions: int,
) -> None:
    """However far back the event was, in this session or one before, from memory or from disk."""
    if in_memory == "few":
        request.getfixturevalue("few_in_memory")
    first = records(6_000)
    same, other = records(6_000)[::300], records(6_000)[::300]
    for content in other:
        content["value"] = 1
    with KlaviyoBulkEvents(KEY, base_url=emulated.url, rates=["1000/s"]) as klaviyo:
        if sessions == 2:
            klaviyo.send(first, backfill=True, journal=path)
        report = klaviyo.send([*first, *same, *other], backfill=True, journal=path)
    assert (report.accepted, report.duplicate, report.rejected) == (6_000, 20, 20)
    assert report.rejections == {"key_conflict": 20}


def test_a_stamp_of_the_session_before_is_no_repeat(
    emulated: Running, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that gets its time when it is read has another key when it is read again."""
    at = datetime(2026, 5, 5, tzinfo=UTC)
    clock = type("Clock", (datetime,), {"now": classmethod(lambda cls, tz=None: at)})
    monkeypatch.setattr(encoder, "datetime", clock)
    event = {"metric": "Visited", "profile": {"external_id": "7"}}
    intake = Intake(stamp_now=True, derive_unique_id=False)
    with KlaviyoBulkEvents(KEY, base_url=emulated.url, rates=["1000/s"]) as klaviyo:
        klaviyo.send([event], backfill=True, journal=path, intake=intake)
        at += timedelta(seconds=5)
        report = klaviyo.send([event, event], backfill=True, journal=path, intake=intake)
    assert report.accepted == emulated.emulator.summary()["accepted"] == 2


def test_events_that_are_passed_over_wait_for_no_request(path: Path) -> None:
    """However many there are in a row, they can be covered."""

    class Everybody(Forgotten):
        opens = staticmethod(lambda opening: True)  # type: ignore[assignment]

        def __init__(self) -> None: ...

    store = Store(path)
    trail = Trail(store)
    memory = PassingOver(trail, Everybody())
    assert {memory.note("key", b"data", b"opening") for _ in range(2_000)} == {Repeat.FORGOTTEN}
    assert (trail.noted, trail.has_events) == (2_000, False)
    store.close()


@given(st.sets(st.integers(0, 99)), st.lists(st.lists(st.integers(0, 99), max_size=40), max_size=5))
def test_a_table_of_keys(before: set[int], batches: list[list[int]]) -> None:
    """It remembers what a dict does, however full a part is, and in however many of them."""
    known = {str(number): 0 for number in before}
    with tempfile.TemporaryDirectory() as folder:
        table = KeyTable(Path(folder, "run.db"), dict(known), slots=64)
        for position, batch in enumerate(batches, 1):
            table.make_room()
            for key in map(str, batch):
                assert table.setdefault(key, position) == known.setdefault(key, position)


@pytest.mark.parametrize("hashed", [hash, lambda key: 0, lambda key: -1 << 63])
def test_keys_beside_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hashed: Callable[[str], int]
) -> None:
    """Any number can stand for a key, that of a free slot too, and at the end of the table."""
    monkeypatch.setattr(key_table, "_number", hashed)
    table = KeyTable(tmp_path / "run.db", {}, slots=8)
    assert [table.setdefault("a", 7), table.setdefault("a", 8)] == [7, 7]


def test_short_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python's are of 32 bits, keys that share one are told apart."""
    monkeypatch.setattr(key_table, "hash", lambda key: -1 << 31, raising=False)
    monkeypatch.setattr(key_table, "_number", key_table._wide)
    table = KeyTable(tmp_path / "run.db", {}, slots=1_024)
    assert [table.setdefault(str(n), n) for n in range(500)] == list(range(500))
    assert [table.setdefault(str(n), 999) for n in range(500)] == list(range(500))


def test_neighbours_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that want the same slot, also the last one, each have their own."""
    monkeypatch.setattr(key_table, "_number", lambda key: 16 * int(key) - 1)
    table = KeyTable(tmp_path / "run.db", {}, slots=8)
    assert [table.setdefault(str(n), n + 3) for n in range(-3, 4)] == list(range(7))
    assert [table.setdefault(str(n), 99) for n in range(-3, 4)] == list(range(7))


def test_nothing_of_a_table_is_left(tmp_path: Path) -> None:
    """Its files have no name."""
    table = KeyTable(tmp_path / "run.db", {}, slots=2)
    table.setdefault("a", 0)
    table.make_room()
    assert not list(tmp_path.iterdir())
