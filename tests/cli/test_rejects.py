"""Lines of a rejects file, whatever the record held."""

import json
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klaviyo_bulk_events.cli import rejects
from klaviyo_bulk_events.json_form import JsonForm
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.records import NULL, Event, Location, Profile
from klaviyo_bulk_events.sources import Rules, open_files

TEXTS = st.text(st.characters(codec=None))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.decimals()
    | st.datetimes()
    | st.binary()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS | st.integers(), inner),
    max_leaves=10,
)


class Tier(Enum):
    GOLD = "gold"


def written(record: Any, **fields: Any) -> dict[str, Any]:
    outcome = Outcome(Status.REJECTED, 0, record, (Problem("/a", "b", "c"),), **fields)
    line = rejects.line(outcome, None, None)
    assert line.count(b"\n") == 1
    read: dict[str, Any] = json.loads(line)
    return read


@settings(max_examples=50)
@given(st.dictionaries(TEXTS, VALUES))
def test_it_is_always_json(record: dict[str, Any]) -> None:
    """Whatever a record holds, its line is one line of strict JSON."""
    line = rejects.line(Outcome(Status.REJECTED, 0, record), None, None)
    orjson.loads(line.replace(b"\\u0000", b""))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_stays_as_it_is(value: Any) -> None:
    """What is JSON already is not touched and not marked."""
    form = JsonForm()
    assert form.of(value) == value
    assert not form.altered


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Decimal("1.50"), 1.5),
        (Decimal("2"), 2),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (datetime(2026, 7, 2), "2026-07-02T00:00:00+01:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(1, 2), "01:02:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Tier.GOLD, "gold"),
        (NULL, None),
        ((1, 2), [1, 2]),
        (np.int64(7), 7),
        (np.array([1, 2]), [1, 2]),
        (2**70, 2**70),
    ],
)
def test_what_has_a_json_form(value: Any, plain: Any) -> None:
    """Values that would be sent are written as they would be sent, and not marked."""
    form = JsonForm(ZoneInfo("Europe/London"))
    assert form.of(value) == plain
    assert not form.altered


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, Decimal("NaN"), b"x", "\ud800", {1: 2}, {1}, 10**5_000, object()],
    ids=lambda value: type(value).__name__,
)
def test_what_has_none_is_replaced_and_marked(value: Any) -> None:
    """What JSON can't say marks the line, so that it isn't sent in another form by mistake."""
    assert written({"properties": {"x": value}})["altered"] is True


def test_a_very_deep_record_is_marked() -> None:
    """A record too deep to be written is cut where it ends."""
    value: Any = 1
    for _ in range(5_000):
        value = [value]
    assert written({"x": value})["altered"] is True


def test_an_event_in_record_form() -> None:
    """An event is written nested, without what wasn't given, with what was to go out."""
    event = Event(
        metric="Sold",
        profile=Profile(email="a@b.co", location=Location(city="York")),
        properties={"total": Decimal("1.5")},
    )
    line = written(event, time="2026-01-02T00:00:00Z", unique_id="d1-x", origin="a.csv:2")
    assert line == {
        "origin": "a.csv:2",
        "status": "rejected",
        "problems": [{"pointer": "/a", "code": "b", "message": "c"}],
        "record": {
            "metric": "Sold",
            "profile": {"email": "a@b.co", "location": {"city": "York"}},
            "properties": {"total": 1.5},
            "time": "2026-01-02T00:00:00Z",
            "unique_id": "d1-x",
        },
    }


@pytest.mark.parametrize(
    ("record", "backfill", "said"),
    [
        ({"metric": "A"}, True, True),
        ({"metric": "A"}, False, False),
        ({"metric": "A"}, None, None),
        ({"metric": "A", "backfill": False}, True, False),
        ({"line": "x"}, True, None),
    ],
)
def test_the_run_s_backfill_is_kept(record: Any, backfill: Any, said: Any) -> None:
    """A record says the run's backfill, unless it said something itself or was no record."""
    outcome = Outcome(Status.REJECTED, 0, record)
    assert json.loads(rejects.line(outcome, backfill, None))["record"].get("backfill") is said


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.DUPLICATE])
def test_what_is_settled_is_not_written(tmp_path: Any, status: Status) -> None:
    """Accepted events and repeats need nothing from anybody."""
    path = tmp_path / "out"
    with rejects.Rejects(path, backfill=True, local=None) as file:
        file.take(Outcome(status, 0, {"metric": "A"}))
    assert path.read_bytes() == b""


def test_what_was_replaced_stays_marked(tmp_path: Path) -> None:
    """An altered record that is sent again unmended is marked in the next file of rejects, too."""
    source = tmp_path / "rejects.jsonl"
    before = Outcome(Status.REJECTED, 0, {"properties": {"x": "\ud800"}}, (Problem("", "a", "b"),))
    source.write_bytes(rejects.line(before, None, None))
    (sourced,) = open_files([str(source)], Rules())[0]
    assert sourced.problem is not None
    again = Outcome(Status.REJECTED, 0, sourced.record, (sourced.problem,))
    assert json.loads(rejects.line(again, None, None))["altered"] is True
