"""The metric and the unique_id that a command line gives to records."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.problems import RecordError
from klaviyo_bulk_events.sources.rules import Rules, joined

from .conftest import Read, codes


def complete(record: dict[str, Any], **rules: Any) -> dict[str, Any]:
    return Rules(**rules).complete(dict(record), record.get)


@pytest.mark.parametrize("record", [{}, {"metric": None}, {"metric": "Sold"}])
def test_the_metric_is_filled_in(record: dict[str, Any]) -> None:
    """A record without a metric gets that of the command line; the same one is no conflict."""
    assert complete(record, metric="Sold")["metric"] == "Sold"


def test_another_metric_is_rejected() -> None:
    """A metric can never be deleted: a contradiction is not decided for the user."""
    with pytest.raises(RecordError, match="metric_contradicted"):
        complete({"metric": "Bought"}, metric="Sold")


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["A|1"], "A|1"),
        (["A", "1"], "A|1"),
        (["A|", "1"], "A\\||1"),
        ([7, Decimal("8"), date(2026, 1, 2)], "7|8|2026-01-02"),
    ],
)
def test_a_unique_id_is_joined(parts: list[Any], text: str) -> None:
    """The texts of the named fields are joined; a single one stays as it is."""
    record = {f"f{number}": part for number, part in enumerate(parts)}
    assert complete(record, unique_id_from=list(record))["unique_id"] == text


@given(st.lists(st.text("a|\\"), min_size=2), st.lists(st.text("a|\\"), min_size=2))
def test_different_parts_never_join_to_the_same(one: list[str], other: list[str]) -> None:
    """Joining is unambiguous."""
    assert (joined(one) == joined(other)) == (one == other)


@pytest.mark.parametrize("part", [None, ""])
def test_a_missing_part_is_rejected(part: Any) -> None:
    """A record that lacks a part of its unique_id is rejected rather than given half an id."""
    with pytest.raises(RecordError, match=r"missing_unique_id_part"):
        complete({"order": part}, unique_id_from=["order"])


def test_a_part_without_a_text_names_its_column() -> None:
    """What has no text is said of the column that holds it."""
    with pytest.raises(RecordError, match=r"in .order.: .* fraction"):
        complete({"order": 1.5}, unique_id_from=["order"])


def test_another_unique_id_is_rejected() -> None:
    """A record with a unique_id of its own must agree."""
    with pytest.raises(RecordError, match="unique_id_contradicted"):
        complete({"unique_id": "1", "order": "2"}, unique_id_from=["order"])


@pytest.mark.parametrize(
    ("line", "code", "added"),
    [
        (
            '{"metric": "Bought", "order": "7"}',
            "metric_contradicted",
            {"metric": "Bought", "unique_id": "7", "properties": {"order": "7"}},
        ),
        (
            '{"sku": "A"}',
            "missing_unique_id_part",
            {"metric": "Sold", "properties": {"sku": "A"}},
        ),
        (
            '{"order": "7", "profile.x": 1, "profile": 2}',
            "",
            {"metric": "Sold", "unique_id": "7", "order": "7", "profile.x": 1, "profile": 2},
        ),
        (
            '{"unique_id": "8", "order": "7", "profile.x": 1, "profile": 2}',
            "unique_id_contradicted",
            {"metric": "Sold", "unique_id": "8", "order": "7", "profile.x": 1, "profile": 2},
        ),
    ],
)
def test_a_rejected_record_has_all_that_was_added(
    read: Read, line: str, code: str, added: dict[str, Any]
) -> None:
    """What the command line adds is in a rejected record too, but for what is at fault."""
    rules = {"metric": "Sold", "unique_id_from": ["order"], "rest_as_properties": True}
    (item,) = read("a.jsonl", line, **rules)
    assert codes([item]) == [code or None]
    assert item.record == added


def test_unique_id_from_a_table(read: Read) -> None:
    """Columns are found by their header, and by the field that they become."""
    items = read(
        "a.csv",
        "Order,SKU\n1,A\n2,\n",
        "Order=properties.order",
        "SKU=properties.sku",
        unique_id_from=["Order", "properties.sku"],
    )
    assert items[0].record["unique_id"] == "1|A"
    assert codes(items) == [None, "missing_unique_id_part"]


def test_unique_id_from_a_column_that_is_not_there(read: Read) -> None:
    """A misspelt column is said before any row is read."""
    with pytest.raises(ConfigurationError, match=r"no column 'Ordre'.*it has 'metric'"):
        read("a.csv", "metric\nx\n", unique_id_from=["Ordre"])


@pytest.mark.parametrize("line", ['{"properties": {"order": 7}}', '{"properties.order": "7"}'])
def test_unique_id_from_json(read: Read, line: str) -> None:
    """In JSON a dotted name is found, nested or as it stands."""
    (item,) = read("a.jsonl", line, unique_id_from=["properties.order"])
    assert item.record["unique_id"] == "7"
