"""Sources that can be read only once are written down first, and come back as they were."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal import snapshot
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.problems import Problem

CELLS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.uuids()
    | st.decimals(allow_nan=False)
    | st.datetimes().map(lambda moment: moment.replace(fold=0))
    | st.dates()
    | st.times().map(lambda moment: moment.replace(fold=0)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), CELLS, max_size=4))
def test_records_come_back(record: dict[str, Any]) -> None:
    """Every value that a row of SQL can hold is the same again, its type too."""
    item = Sourced(record, "sql:1", Problem("/a", "b", "c"), (Problem("/d", "e", "f"),))
    again = snapshot._record(snapshot._line(item))
    assert again == item
    assert repr(again) == repr(item)


@pytest.mark.parametrize(
    "value",
    [
        math.inf,
        2**80,
        "\ud800",
        {1: "a"},
        {"$map": 1},
        Decimal("1.10"),
        UUID(int=7),
        datetime(2026, 1, 2, tzinfo=UTC),
        date(2026, 1, 2),
        time(3, 4),
    ],
)
def test_values_at_the_edge(value: Any) -> None:
    """Also those that JSON has no word for."""
    record = {"properties": {"value": value}}
    assert snapshot._record(snapshot._line(Sourced(record, "sql:1"))).record == record


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_end_too_early(path: Path, error: type[BaseException]) -> None:
    """Whatever ends the writing, no half of a snapshot stays."""

    def records() -> Iterator[Sourced]:
        yield Sourced({"a": 1}, "sql:1")
        raise error

    with pytest.raises(error):
        snapshot.write(records(), path)
    assert not list(path.parent.iterdir())


def test_a_broken_snapshot(path: Path) -> None:
    """A snapshot that was cut off is an error, never the end of the source."""
    snapshot.write((Sourced({"a": n}, f"sql:{n}") for n in range(10_000)), path)
    file = snapshot.path_of(path)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(JournalError, match="damaged"):
        list(snapshot.SnapshotSource(path))
