"""Puts rows into the order in which they are sent, the same in every attempt.

A chunk that is cut anew mixes old and new events, and a request that fails for the old ones loses
the new ones. So an account is wholly in one partition, and its rows have a total order, which ends
in `unique_id` and, for rows that share one, in all of their content.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import Window, types
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST
from klaviyo_bulk_events.sources.fields import is_field
from klaviyo_bulk_events.spark.columns import RESERVED
from klaviyo_bulk_events.spark.counting import account_of, named
from klaviyo_bulk_events.spark.planning import Plan, largest_first
from klaviyo_bulk_events.spark.settings import Settings

ACCOUNT: Final = f"{RESERVED}account"
ROW: Final = f"{RESERVED}row"
"""Counts an account's rows in their order, from 0."""
_KEY: Final = f"{RESERVED}key"
_FIRST: Final = f"{RESERVED}first"
_RANK: Final = f"{RESERVED}rank"
_OF: Final = f"{RESERVED}of"
_DRAWN_FOR_EACH_TASK: Final = 64
# Where what Spark holds to be equal is the same. Not so: 0.0 and -0.0, and texts with a collation.
_EXACT: Final = (
    types.IntegralType,
    types.DecimalType,
    types.BooleanType,
    types.DateType,
    types.TimestampType,
    types.TimestampNTZType,
    types.BinaryType,
)
# Spark's own format cuts microseconds off, by which rows may differ.
_JSON: Final = {
    "timeZone": "UTC",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}


def ordered(df: Any, plan: Plan, settings: Settings, order_by: Sequence[str]) -> Any:
    """The rows of known accounts, in the order in which tasks send them; with `ACCOUNT` and `ROW`.

    In a task the rows of one request of every account follow one another, the largest account's
    first: all have something to send, and none waits until another is through.
    """
    dealt = (
        df.withColumn(ACCOUNT, account_of(df, settings))
        .join(F.broadcast(_turns(df.sparkSession, plan)), F.col(ACCOUNT) == F.col(_OF))
        .repartition(plan.tasks, _KEY)
    )
    # An account's rank is compared sooner than its name. The key is in it so that what is dealt
    # already need not be shuffled again.
    within = Window.partitionBy(_RANK, _KEY).orderBy(*_total_order(df, order_by))
    counted = dealt.withColumn(ROW, (F.row_number().over(within) - 1).cast("long"))
    # A request is known to be full when the row after it comes, which so belongs to its round.
    before = F.greatest(F.col(ROW) - 1, F.lit(0))
    this_round = F.col(_FIRST) + F.floor(before / EVENTS_PER_REQUEST.value)
    in_turns = counted.sortWithinPartitions(this_round, _RANK, ROW)
    return in_turns.select(*_sent(df, settings), ACCOUNT, ROW)


def _total_order(df: Any, order_by: Sequence[str]) -> list[Any]:
    """By what the caller says, then `unique_id`, then all of the content."""
    names = [*order_by, *(name for name in df.columns if name == "unique_id")]
    exact = [field.name for field in df.schema if is_exact(field.dataType)]
    others = [named(field.name) for field in df.schema if field.name not in exact]
    # To make JSON of a row takes longer than to sort it.
    text = [F.md5(F.to_json(F.struct(*others), _JSON))] if others else []
    return [*map(named, dict.fromkeys([*names, *exact])), *text]


def is_exact(kind: Any) -> bool:
    """Whether values of this type that Spark holds to be equal are the same."""
    if isinstance(kind, types.StringType):
        return bool(kind.collation == types.StringType().collation)
    return isinstance(kind, _EXACT)


def _sent(df: Any, settings: Settings) -> list[Any]:
    name = settings.account_column
    kept = name is None or is_field(name) or name in settings.rules.mapping
    dropped = None if kept else name
    return [named(column) for column in df.columns if column != dropped]


def _turns(spark: Any, plan: Plan) -> Any:
    keys = _keys(spark, plan.tasks)
    accounts = largest_first(plan.rows)
    turns = [plan.turns[account] for account in accounts]
    columns: dict[str, Sequence[Any]] = {
        _OF: accounts,
        _KEY: [keys[turn.task] for turn in turns],
        _FIRST: [turn.first_round for turn in turns],
        _RANK: range(len(turns)),
    }
    return _table(spark, columns)


def _keys(spark: Any, tasks: int) -> Mapping[int, int]:
    """For each partition a number that Spark's own hash puts there.

    `repartition` hashes; what it is given leaves no partition empty and none with two shares.
    """
    drawn = _table(spark, {_KEY: range(tasks * _DRAWN_FOR_EACH_TASK)})
    placed = drawn.select(_KEY, F.pmod(F.hash(_KEY), F.lit(tasks)).alias("partition"))
    return {row["partition"]: row[_KEY] for row in placed.collect()}


def _table(spark: Any, columns: Mapping[str, Sequence[Any]]) -> Any:
    """A small DataFrame. Out of Arrow, Spark needs no job to read one."""
    return spark.createDataFrame(pa.table({name: pa.array(columns[name]) for name in columns}))
