"""`spark.write`: what is sent, what is reported, and what failures cost."""

import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events import ConfigurationError
from klaviyo_bulk_events.emulator import Running
from tests.spark.conftest import on_the_wire, sums
from tests.spark.worker import befall

Rows = Callable[..., Any]
IN_FLIGHT = 2 * 3
"""Requests that two accounts may have under way when a task ends: those may be made again."""


def write(df: Any, arguments: dict[str, Any], **more: Any) -> Any:
    from klaviyo_bulk_events import spark

    return spark.write(df, **{**arguments, **more})


def test_every_row_goes_to_its_account(
    rows: Rows, arguments: dict[str, Any], emulated: Running
) -> None:
    """Once, with its time; a second call sends nothing; rows of nobody are in the sums."""
    from pyspark.sql import functions as F  # noqa: N812

    df = rows(3_300, accounts=3)
    lost = df.limit(2).withColumn("shop", F.lit("nobody"))
    nameless = df.limit(3).withColumn("shop", F.lit(None).cast("string"))
    whole = df.unionByName(lost).unionByName(nameless)
    report = write(whole, arguments)
    assert (report.submitted, report.accepted, report.rejected) == (3_305, 3_300, 5)
    assert report.rejections == {"missing_account": 3, "unknown_account": 2}
    assert {name: part.accepted for name, part in report.accounts.items() if name} == {
        f"shop-{number}": 1_100 for number in range(3)
    }
    sums(report)
    on_the_wire(emulated, 3_300, again=2)
    assert [request.accepted for request in emulated.emulator.requests()].count(1_000) == 3
    (event,) = emulated.emulator.events(unique_id="order-7")
    assert event.time.timestamp() == 1_746_000_007
    again = write(whole, arguments)
    assert (again.accepted, len(emulated.emulator.requests())) == (3_300, 6)


def test_settings_may_hold_functions_of_the_caller(
    rows: Rows, arguments: dict[str, Any], tmp_path: Path
) -> None:
    """Such as no worker can import."""
    heard = tmp_path / "heard"
    report = write(rows(10), arguments, on_event=lambda account, notice: heard.touch())
    assert (report.accepted, heard.exists()) == (10, True)


def test_a_wrong_order_of_the_source_is_no_matter(
    rows: Rows, arguments: dict[str, Any], emulated: Running
) -> None:
    """However its rows are dealt out, the same run goes on: the order is a total one."""
    df = rows(2_500)
    write(df, arguments)
    shuffled = df.repartition(5).orderBy("`properties.number`", ascending=False)
    report = write(shuffled, arguments, tasks=1)
    assert (report.accepted, report.submitted) == (2_500, 2_500)
    on_the_wire(emulated, 2_500, again=1)


def test_ids_are_derived_with_leave(
    rows: Rows, arguments: dict[str, Any], emulated: Running
) -> None:
    """Rows that are the same in everything are one event, wherever they come from."""
    df = rows(1_200).drop("unique_id")
    report = write(df.union(df.limit(300)), arguments, derive_unique_id=True)
    assert (report.accepted, report.duplicate) == (1_200, 300)
    on_the_wire(emulated, 1_200, again=0)


def test_outcomes_of_every_row(
    spark: Any, rows: Rows, arguments: dict[str, Any], tmp_path: Path
) -> None:
    """As Parquet, where PySpark has the pandas that it wants; else that is said first."""
    from pyspark.sql import functions as F  # noqa: N812

    df = rows(1_100).withColumn("time", F.lit("yesterday"))
    where = f"{tmp_path}/outcomes"
    if find_spec("pandas") is None:
        with pytest.raises(ConfigurationError, match="pandas"):
            write(df, arguments, outcomes=where)
        return
    report = write(df, arguments, outcomes=where)
    assert report.rejections == {"not_a_time": 1_100}
    told = spark.read.parquet(where).groupBy("account", "status", "code").count().collect()
    assert sorted(tuple(row) for row in told) == [
        (f"shop-{number}", "rejected", "not_a_time", 550) for number in range(2)
    ]


def test_a_ledger_that_is_gone_for_a_while(
    rows: Rows, arguments: dict[str, Any], emulated: Running, folder: Path
) -> None:
    """The task fails, midway, and is tried again: nothing is lost and nothing doubled."""
    befall(folder, entries=5, attempts=1)
    report = write(rows(12_000), arguments)
    assert (report.submitted, sums(report)) == (12_000, 12_000)
    on_the_wire(emulated, 12_000, again=IN_FLIGHT)


def test_a_worker_that_is_killed(
    rows: Rows, arguments: dict[str, Any], emulated: Running, folder: Path
) -> None:
    """Outright, with requests under way: those go again as they were, and count once."""
    befall(folder, killed_after=4, attempts=1, url=emulated.url)
    report = write(rows(12_000), arguments)
    assert (report.submitted, sums(report)) == (12_000, 12_000)
    on_the_wire(emulated, 12_000, again=2 * IN_FLIGHT)


def test_four_failures(
    rows: Rows, arguments: dict[str, Any], emulated: Running, folder: Path
) -> None:
    """The job fails, with a report of what is known; the same call later does the rest."""
    from klaviyo_bulk_events.spark import JobError

    befall(folder, killed_after=2, attempts=4, url=emulated.url)
    # The last attempt ends at 8 requests and what is under way: these are more.
    with pytest.raises(JobError, match="run='orders'") as failed:
        write(rows(30_000), arguments)
    report = failed.value.report
    assert report.submitted == 30_000
    assert report.unsent > 0
    assert sums(report) <= len(emulated.emulator.events(limit=1_000_000))
    befall(folder)
    report = write(rows(30_000), arguments)
    assert (report.submitted, sums(report)) == (30_000, 30_000)
    on_the_wire(emulated, 30_000, again=8 * IN_FLIGHT)


def test_a_job_that_is_cancelled(
    spark: Any, rows: Rows, arguments: dict[str, Any], emulated: Running
) -> None:
    """It ends as a failed one does, and goes on under its name."""
    from klaviyo_bulk_events.spark import JobError

    def cancel() -> None:
        while len(emulated.emulator.requests()) < 4:
            time.sleep(0.01)
        spark.sparkContext.cancelAllJobs()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(JobError) as failed:
        write(rows(12_000), arguments)
    thread.join()
    left = failed.value.report.unsent + failed.value.report.unknown
    assert left > 0
    report = write(rows(12_000), arguments)
    assert (report.submitted, sums(report)) == (12_000, 12_000)
    on_the_wire(emulated, 12_000, again=IN_FLIGHT)
