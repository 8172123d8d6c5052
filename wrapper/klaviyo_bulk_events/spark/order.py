"""Puts rows into the order in which they are sent, the same in every attempt.

A chunk that is cut anew mixes old and new events, and a request that fails for the old ones loses
the new ones. So an account is wholly in one partition, and its rows have a total order, which ends
in `unique_id` and, for rows that share one, in all of their content.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST
from klaviyo_bulk_events.sources.fields import is_field
from klaviyo_bulk_events.spark.columns import RESERVED
from klaviyo_bulk_events.spark.counting import account_of, named
from klaviyo_bulk_events.spark.planning import Plan
from klaviyo_bulk_events.spark.settings import Settings

ACCOUNT: Final = f"{RESERVED}account"
ROW: Final = f"{RESERVED}row"
"""Counts an account's rows in their order, from 0."""
_KEY: Final = f"{RESERVED}key"
_FIRST: Final = f"{RESERVED}first"
_OF: Final = f"{RESERVED}of"
_DRAWN_FOR_EACH_TASK: Final = 64
# Spark's own format cuts microseconds off, by which rows may differ.
_JSON: Final = {
    "timeZone": "UTC",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}


def ordered(df: Any, plan: Plan, settings: Settings, order_by: Sequence[str]) -> Any:
    """The rows of known accounts, in the order in which tasks send them; with `ACCOUNT` and `ROW`.

    In a task the rows of one request of every account follow one another: all have something to
    send, and none waits until another is through.
    """
    own = [named(name) for name in df.columns]
    ends_in = [named("unique_id")] if "unique_id" in df.columns else []
    order = [*map(named, order_by), *ends_in, F.md5(F.to_json(F.struct(*own), _JSON))]
    dealt = (
        df.withColumn(ACCOUNT, account_of(df, settings))
        .join(F.broadcast(_turns(df.sparkSession, plan)), F.col(ACCOUNT) == F.col(_OF))
        .repartition(plan.tasks, _KEY)
    )
    # The key is in it so that what is dealt already need not be shuffled again.
    within = Window.partitionBy(_KEY, ACCOUNT).orderBy(*order)
    counted = dealt.withColumn(ROW, (F.row_number().over(within) - 1).cast("long"))
    this_round = F.col(_FIRST) + F.floor(F.col(ROW) / EVENTS_PER_REQUEST.value)
    in_turns = counted.sortWithinPartitions(this_round, ACCOUNT, ROW)
    return in_turns.select(*_sent(df, settings), ACCOUNT, ROW)


def _sent(df: Any, settings: Settings) -> list[Any]:
    name = settings.account_column
    kept = name is None or is_field(name) or name in settings.rules.mapping
    dropped = None if kept else name
    return [named(column) for column in df.columns if column != dropped]


def _turns(spark: Any, plan: Plan) -> Any:
    keys = _keys(spark, plan.tasks)
    rows = [(account, keys[turn.task], turn.first_round) for account, turn in plan.turns.items()]
    return spark.createDataFrame(rows, f"{_OF} string, {_KEY} long, {_FIRST} long")


def _keys(spark: Any, tasks: int) -> Mapping[int, int]:
    """For each partition a number that Spark's own hash puts there.

    `repartition` hashes; what it is given leaves no partition empty and none with two shares.
    """
    drawn = spark.range(tasks * _DRAWN_FOR_EACH_TASK)
    placed = drawn.select("id", F.pmod(F.hash("id"), F.lit(tasks)).alias("partition"))
    return {row["partition"]: row["id"] for row in placed.collect()}
