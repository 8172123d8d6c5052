"""From a DataFrame to a report: plans, orders, sends, and reads the report from the ledger."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import attrs
import pyarrow
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.settings import read_rates
from klaviyo_bulk_events.sources.rules import Rules
from klaviyo_bulk_events.spark.cluster import check_cluster, cores
from klaviyo_bulk_events.spark.columns import check_columns
from klaviyo_bulk_events.spark.counting import counted, named
from klaviyo_bulk_events.spark.order import ordered
from klaviyo_bulk_events.spark.ordered_source import OrderedWriter, send_through
from klaviyo_bulk_events.spark.planning import Plan
from klaviyo_bulk_events.spark.reports import JobError, SparkReport, report_of
from klaviyo_bulk_events.spark.secrets import known_here, located
from klaviyo_bulk_events.spark.settings import Settings, account_references
from klaviyo_bulk_events.spark.task import send_ordered

_OUTCOMES: Final = (
    "position long, account string, status string, code string, pointer string, message string, "
    "time string, unique_id string, chunk long"
)

_log = logging.getLogger("klaviyo_bulk_events")


def write(
    df: Any,
    *,
    accounts: Mapping[str, str] | str | Path,
    account_column: str | None = None,
    backfill: bool | None,
    run: str,
    ledger: str,
    intake: Intake | None = None,
    rules: Rules | None = None,
    derive_unique_id: bool = False,
    order_by: Sequence[str] = (),
    tasks: int | None = None,
    outcomes: str | None = None,
    **client: Any,
) -> SparkReport:
    """Deliver a DataFrame's rows, each to its account; what became of them.

    Args:
        accounts: by name, where each one's credential is: `env:NAME`, `file:PATH` or
            `module:function`, looked up on the workers; or a TOML file with these.
        account_column: has the row's account; not needed where there is one account.
        backfill: as for `KlaviyoBulkEvents.send`; None: the column `backfill` says it.
        run: a name. With the same name the same rows go on where another call ended.
        ledger: `file:FOLDER` that all machines see, `redis://HOST`, `env:NAME` with such a URL in
            it, or on one machine `sqlite:////PATH`.
        derive_unique_id: rows without `unique_id` get one from their content.
        order_by: columns by which an account's rows are sent; `unique_id` decides between equals.
        tasks: how many tasks send at most; as many as cores if not given.
        outcomes: a folder for the outcomes of the rows of known accounts, as Parquet (see
            `arrow.OUTCOMES`), of each run in a folder of its own; needs pandas, as much of PySpark
            does.
        client: the settings of `AsyncAccounts`, such as `rates`, `limiter` and `base_url`.

    It reads `df` twice, once to count: both times it has to be the same rows. Raises
    ConfigurationError before anything is sent, and JobError, with a report, if Spark's job fails.
    """
    settings = _settings(
        accounts, account_column, backfill, run, ledger, intake, rules, derive_unique_id, client
    )
    _check_outcomes(outcomes)
    _check_order(df, order_by)
    planned = _plan(df, settings, tasks)
    _log.info("%s", planned)
    started = time.monotonic()
    try:
        if planned.rows:
            _send(ordered(df, planned, settings, order_by), settings, planned, outcomes)
    except Exception as error:  # PySpark's, and of many kinds
        report = report_of(planned, settings, time.monotonic() - started)
        raise JobError(_failed(settings, report), report) from error
    return report_of(planned, settings, time.monotonic() - started, ended=True)


def plan(
    df: Any,
    *,
    accounts: Mapping[str, str] | str | Path,
    account_column: str | None = None,
    backfill: bool | None,
    run: str,
    ledger: str,
    intake: Intake | None = None,
    rules: Rules | None = None,
    derive_unique_id: bool = False,
    tasks: int | None = None,
    **client: Any,
) -> Plan:
    """What `write` would do, checked and counted; nothing is sent. `str` of it is a sentence."""
    settings = _settings(
        accounts, account_column, backfill, run, ledger, intake, rules, derive_unique_id, client
    )
    return _plan(df, settings, tasks)


def _settings(
    accounts: Mapping[str, str] | str | Path,
    account_column: str | None,
    backfill: bool | None,
    run: str,
    ledger: str,
    intake: Intake | None,
    rules: Rules | None,
    derive_unique_id: bool,
    client: Mapping[str, Any],
) -> Settings:
    intake = attrs.evolve(intake or Intake(), derive_unique_id=derive_unique_id)
    return Settings(
        accounts=account_references(accounts),
        account_column=account_column,
        backfill=backfill,
        run=run,
        ledger=ledger,
        intake=intake,
        rules=rules or Rules(rest_as_properties=intake.rest_as_properties),
        client=client,
    )


def _plan(df: Any, settings: Settings, tasks: int | None) -> Plan:
    check_columns(df.schema, settings)
    spark = df.sparkSession
    ledger = settings.ledger
    check_cluster(spark, located(ledger) if known_here(ledger) else ledger)
    counts = counted(df, settings)
    if counts.without_id:
        raise ConfigurationError(
            f"{counts.without_id:,} rows have no unique_id. Give them one, or have it derived from "
            "what is in the row: derive_unique_id=True"
        )
    rows = {name: count for name, count in counts.rows.items() if name in settings.accounts}
    unknown = {name: n for name, n in counts.rows.items() if name and name not in rows}
    client = settings.client
    return Plan.of(
        rows,
        unknown,
        counts.rows.get("", 0),
        tasks=tasks or cores(spark),
        rates=read_rates(client.get("rates"), client.get("share", 1.0)),
    )


def _send(df: Any, settings: Settings, plan: Plan, outcomes: str | None) -> None:
    if outcomes is None:
        send_through(df, OrderedWriter(settings, plan.rows))
        return
    send = partial(_sent, settings=settings, sizes=dict(plan.rows))
    # In one column: `mapInArrow` looks columns up by names in which a dot is no part of a name.
    rows = df.select(F.struct(*map(named, df.columns)).alias("row"))
    # A folder of the run's own: another call tells all of its rows again, from the ledger.
    where = f"{outcomes.rstrip('/')}/run={quote(settings.run, safe='')}"
    rows.mapInArrow(send, _OUTCOMES).write.mode("overwrite").parquet(where)


def _sent(batches: Iterator[Any], settings: Settings, sizes: Mapping[str, int]) -> Iterator[Any]:
    """Runs on a worker."""
    rows = (pyarrow.RecordBatch.from_struct_array(batch.column(0)) for batch in batches)
    return send_ordered(rows, settings, sizes)


def _check_outcomes(outcomes: str | None) -> None:
    if outcomes is not None and find_spec("pandas") is None:
        raise ConfigurationError("to write outcomes PySpark needs pandas on the driver")


def _check_order(df: Any, order_by: Sequence[str]) -> None:
    if isinstance(order_by, str):
        raise ConfigurationError(f"order_by is a list of columns: order_by=[{order_by!r}]")
    if unknown := [name for name in order_by if name not in df.columns]:
        raise ConfigurationError(f"there is no column {unknown[0]!r} to order by")


def _failed(settings: Settings, report: SparkReport) -> str:
    return (
        f"the job failed; of {report.submitted:,} rows {report.accepted:,} are accepted, "
        f"{report.unknown:,} unknown and {report.unsent:,} unsent. Call it again with "
        f"run={settings.run!r}: what the ledger has is not sent again"
    )
