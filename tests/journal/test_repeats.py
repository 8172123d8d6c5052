"""Repeats are found over a whole run."""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events import Intake, KlaviyoBulkEvents, encoder
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.journal import trail as trails
from klaviyo_bulk_events.journal.forgotten import Forgotten, PassingOver
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.journal.trail import Trail
from klaviyo_bulk_events.repeats import Repeat

from .conftest import KEY


@pytest.mark.parametrize("short", [hash, str], ids=["by hash", "where hashes are short"])
@pytest.mark.parametrize("sessions", [1, 2])
def test_far_repeats(
    emulated: Running,
    records: Callable[[int], list[dict[str, Any]]],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    short: Callable[[str], Hashable],
    sessions: int,
) -> None:
    """However far back the event was, in this session or one before."""
    monkeypatch.setattr(trails, "_short", short)
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
