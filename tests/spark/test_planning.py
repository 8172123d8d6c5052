"""Who is served by which task, and when."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import types

from klaviyo_bulk_events import Rate
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.settings import SPEC_RATES
from klaviyo_bulk_events.spark.order import ACCOUNT, ROW, is_exact
from klaviyo_bulk_events.spark.planning import LANES, Plan, requests_for
from klaviyo_bulk_events.spark.task import checked

SIZES = st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 30_000), max_size=150)


def planned(rows: dict[str, int], tasks: int = 4) -> Plan:
    return Plan.of(rows, {}, 0, tasks=tasks, rates=SPEC_RATES)


@given(SIZES, st.integers(1, 8))
def test_every_account_has_its_turn(rows: dict[str, int], tasks: int) -> None:
    """With no more in any round than a task serves at a time, and none in two tasks."""
    plan = planned(rows, tasks)
    assert plan.turns.keys() == rows.keys()
    at_once: Counter[tuple[int, int]] = Counter()
    for account, turn in plan.turns.items():
        assert 0 <= turn.task < plan.tasks
        for number in range(requests_for(rows[account])):
            at_once[turn.task, turn.first_round + number] += 1
    assert max(at_once.values(), default=0) <= LANES


@given(SIZES)
def test_tasks_have_about_as_much_to_do(rows: dict[str, int]) -> None:
    """The largest first, each to who has least: nobody has more than the least and one account."""
    plan = planned(rows)
    loads = Counter(dict.fromkeys(range(plan.tasks), 0))
    for account, turn in plan.turns.items():
        loads[turn.task] += rows[account]
    assert max(loads.values()) - min(loads.values()) <= max(rows.values(), default=0)


@given(SIZES.filter(bool))
def test_the_largest_account_begins_at_once(rows: dict[str, int]) -> None:
    """It alone says how long all of it takes."""
    assert planned(rows).turns[max(rows, key=lambda name: rows[name])].first_round >= 0
    largest = max(rows.values())
    assert min(planned(rows).turns[name].first_round for name in rows if rows[name] == largest) == 0


def test_the_floor_is_that_of_the_largest_account() -> None:
    """500 million events take 55.6 hours on any number of machines."""
    plan = planned({"large": 500_000_000, "small": 3})
    assert round(plan.floor / 3_600, 1) == 55.6
    assert "500,000,003 rows for 2 accounts in 2 tasks" in str(plan)
    assert "'large'" in str(plan)


def test_nothing_to_send() -> None:
    """A plan says so, too."""
    plan = Plan.of({}, {"x": 2}, 1, tasks=4, rates=[Rate(1, 1.0)])
    assert (plan.tasks, plan.floor) == (1, 0.0)
    assert "3 rows are of no known account" in str(plan)


def batch(*rows: tuple[str, int]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{ACCOUNT: name, ROW: number} for name, number in rows])


def test_rows_that_come_in_their_order() -> None:
    """Across batches and between others; the number is taken off."""
    batches = [batch(("a", 0), ("b", 0), ("a", 1)), batch(("b", 1), ("a", 2))]
    assert [given.schema.names for given in checked(batches)] == [[ACCOUNT], [ACCOUNT]]


@pytest.mark.parametrize("rows", [[("a", 1)], [("a", 0), ("a", 0)], [("a", 0), ("a", 2)]])
def test_rows_that_do_not(rows: list[tuple[str, int]]) -> None:
    """A part of an account, or another order, is never sent."""
    with pytest.raises(JournalError, match="re-cut"):
        list(checked([batch(*rows)]))


@pytest.mark.parametrize(
    ("kind", "by_itself"),
    [
        (types.StringType(), True),
        (types.LongType(), True),
        (types.DecimalType(20, 4), True),
        (types.TimestampType(), True),
        (types.BinaryType(), True),
        (types.StringType("UTF8_LCASE"), False),  # "a" equals "A"
        (types.DoubleType(), False),  # 0.0 equals -0.0
        (types.MapType(types.StringType(), types.StringType()), False),  # has no order
        (types.StructType([types.StructField("a", types.DoubleType())]), False),
    ],
)
def test_a_column_is_ordered_by_itself_if_equal_means_the_same(
    kind: types.DataType, by_itself: bool
) -> None:
    assert is_exact(kind) is by_itself
