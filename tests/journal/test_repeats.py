"""Repeats are found over a whole run, in bounded memory."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import Intake, KlaviyoBulkEvents, encoder
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.journal import keys, trail

from .conftest import KEY


@pytest.mark.parametrize("recent", [1 << 16, 1_000])
@pytest.mark.parametrize("sessions", [1, 2])
def test_far_repeats(
    emulated: Running,
    records: Callable[[int], list[dict[str, Any]]],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    recent: int,
    sessions: int,
) -> None:
    """However far back the event was, in this session or one before, from memory or from disk."""
    monkeypatch.setattr(trail, "_RECENT", recent)
    first = records(6_000)
    same, other = records(20), records(20)
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


@given(st.lists(st.lists(st.text(), max_size=200), max_size=5))
def test_the_filter_forgets_nothing(batches: list[list[str]]) -> None:
    """It may say yes for a no, never no for a yes, also once it has grown, and can grow no more."""
    small = keys.Filter(8, 32)
    for batch in batches:
        small.add(batch)
    assert all(small.may_know(key) for batch in batches for key in batch)


@given(
    st.lists(st.binary(min_size=16, max_size=16), unique=True, min_size=1, max_size=50), st.data()
)
def test_digests_are_found_whole(digests: list[bytes], data: st.DataObject) -> None:
    """A digest is found in its place, never across two others."""
    packed = b"".join(digests)
    assert [keys.find(packed, digest) for digest in digests] == list(range(len(digests)))
    at = data.draw(st.integers(0, max(len(packed) - 16, 0)))
    straddling = packed[at : at + 16]
    if straddling not in digests:
        assert keys.find(packed, straddling) is None
