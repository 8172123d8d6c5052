"""Columns are those of the record form."""

from typing import Any

import pyarrow as pa
import pytest

from klaviyo_bulk_events import ConfigurationError
from klaviyo_bulk_events.arrow.rows import Rows
from klaviyo_bulk_events.sources import Rules

FIXED = {"metric": ["m"], "profile.email": ["a@b.org"], "time": ["2025-01-01T00:00:00Z"]}


def records(columns: dict[str, Any], **rules: Any) -> list[Any]:
    batch = pa.RecordBatch.from_pydict(columns)
    return [sourced.record for sourced in Rows([batch], Rules(**rules), zoned=False)]


@pytest.mark.parametrize(
    "given",
    [
        {"properties": ['{"sku": "A", "size": {"x": 1}}']},
        {"properties": [{"sku": "A", "size": {"x": 1, "y": None}}]},
        {"properties.sku": ["A"], "properties.size": [{"x": 1}]},
        {"properties": [{"sku": "A"}], "properties.size": [{"x": 1}]},
    ],
    ids=["JSON text", "struct", "dotted", "both"],
)
def test_properties_come_in_every_form(given: dict[str, Any]) -> None:
    """JSON text, a struct, columns of their own, or several of these."""
    assert records(FIXED | given)[0]["properties"] == {"sku": "A", "size": {"x": 1}}


def test_properties_may_be_a_map() -> None:
    """Its keys are their names."""
    array = pa.array([[("sku", "A")]], pa.map_(pa.string(), pa.string()))
    assert records(FIXED | {"properties": array})[0]["properties"] == {"sku": "A"}


def test_a_profile_may_be_a_struct() -> None:
    """Nested as in the record form, with its location."""
    profile = {"email": "a@b.org", "first_name": None, "location": {"city": "Bath"}}
    columns = {"metric": ["m"], "time": ["2025-01-01T00:00:00Z"], "profile": [profile]}
    assert records(columns)[0]["profile"] == {"email": "a@b.org", "location": {"city": "Bath"}}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"profile.emial": ["x"]}, "did you mean profile.email"),
        ({"profile": [{"emial": "x"}]}, "did you mean profile.email"),
        ({"profile": [{"location": {"town": "x"}}]}, "profile.location.town"),
        ({"surplus": [1]}, "surplus"),
        ({"properties.x": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}, "properties.x"),
        ({"time": pa.array([1], pa.timestamp("us"))}, "timezone"),
        ({"time": pa.array([1], pa.date32())}, "timezone"),
    ],
)
def test_a_column_is_refused_before_its_first_row(columns: dict[str, Any], said: str) -> None:
    """An unknown name says what was meant, a type without a JSON form which column has it."""
    with pytest.raises(ConfigurationError, match=said):
        records(columns)


def test_the_rest_become_properties_if_asked_for() -> None:
    """As with every table."""
    assert records(FIXED | {"sku": ["A"]}, rest_as_properties=True)[0]["properties"] == {"sku": "A"}


def test_broken_json_costs_its_own_row() -> None:
    """It is a record with a problem."""
    batch = pa.RecordBatch.from_pydict({"properties": ["{}", "{", None]})
    sourced = list(Rows([batch], Rules(), zoned=False))
    assert [s.problem is None for s in sourced] == [True, False, True]


def test_every_batch_has_the_schema_of_the_first() -> None:
    """Another one is refused where it comes, and rows before it are good."""
    rows = iter(Rows([batch([1]), batch(["1"])], Rules(), zoned=False))
    assert next(rows).record["properties"] == {"n": 1}
    with pytest.raises(ConfigurationError, match="another schema"):
        next(rows)


def batch(cells: list[Any]) -> Any:
    return pa.RecordBatch.from_pydict({"properties.n": cells})


def test_it_counts_what_it_hands_out() -> None:
    """And knows when that was all, over batches of any size."""
    rows = Rows([batch([1] * 5000), batch([1])[:0], batch([2])], Rules(), zoned=False)
    assert sum(1 for _ in rows) == rows.read == 5001
    assert rows.ended


@pytest.mark.parametrize("batches", [[], [pa.RecordBatch.from_pydict({"metric": []})]])
def test_no_rows(batches: list[Any]) -> None:
    """Nothing at all is nothing wrong."""
    assert list(Rows(batches, Rules(), zoned=False)) == []


def test_what_is_no_batch() -> None:
    """A table is made of batches; it is none."""
    with pytest.raises(ConfigurationError, match="RecordBatch, not Table"):
        Rows([pa.table({"metric": ["m"]})], Rules(), zoned=False)
