"""`format("klaviyo")`: partitions and batches of streams, as they come."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events.emulator import Running
from tests.spark import worker
from tests.spark.conftest import on_the_wire
from tests.spark.worker import befall

Rows = Callable[..., Any]
IN_FLIGHT = 2 * 3


@pytest.fixture
def options(emulated: Running, tmp_path: Path) -> dict[str, str]:
    """What every write says."""
    return {
        "account": "shop-0",
        "credential": f"{worker.__name__}:token",
        "backfill": "true",
        "run": "orders",
        "ledger": f"file:{tmp_path}/ledger",
        "baseUrl": emulated.url,
        "rates": "1/0.1s",
    }


def save(df: Any, options: dict[str, str], mode: str = "append") -> None:
    df.write.format("klaviyo").mode(mode).options(**options).save()


def failing(df: Any, at: int) -> Any:
    """The rows; the task that reads this one fails as long as tasks are befallen."""
    from pyspark.sql import functions as F  # noqa: N812

    column = F.col("`properties.number`")
    breaks = F.udf(worker.breaks_at(at), "long", useArrow=False)
    return df.withColumn("properties.number", breaks(column))


def test_partitions_are_sent(rows: Rows, options: dict[str, str], emulated: Running) -> None:
    """It is found without registering; once more under the same name nothing is sent."""
    df = rows(2_400).drop("shop")
    save(df, options)
    on_the_wire(emulated, 2_400, again=1)
    sent = len(emulated.emulator.requests())
    save(df, options)
    assert len(emulated.emulator.requests()) == sent


def test_rows_of_many_accounts(rows: Rows, options: dict[str, str], emulated: Running) -> None:
    """A column says whose a row is, and the accounts are JSON."""
    for name in ("account", "credential"):
        del options[name]
    accounts = {f"shop-{number}": f"{worker.__name__}:token" for number in range(3)}
    save(
        rows(600, accounts=3),
        {**options, "accounts": json.dumps(accounts), "accountColumn": "shop"},
    )
    on_the_wire(emulated, 600, again=5)


@pytest.mark.parametrize("attempts", [1, 4])
def test_a_task_that_fails_midway(
    rows: Rows, options: dict[str, str], emulated: Running, folder: Path, attempts: int
) -> None:
    """Tried again, or after four failures written again: nothing is lost and nothing doubled."""
    df = failing(rows(8_000).drop("shop"), at=1_700)
    befall(folder, broken=1, attempts=attempts, url=emulated.url)
    if attempts == 4:
        with pytest.raises(Exception, match="the task is broken"):
            save(df, options)
        befall(folder)
    save(df, options)
    on_the_wire(emulated, 8_000, again=attempts * IN_FLIGHT)


def test_a_write_that_leaves_something_fails(
    rows: Rows, options: dict[str, str], emulated: Running
) -> None:
    """A commit would say that all is done, and it is not."""
    emulated.emulator.set_faults({"json_401": 1.0})
    with pytest.raises(Exception, match="unsent or unknown"):
        save(rows(10).drop("shop"), options)
    emulated.emulator.set_faults({})
    save(rows(10).drop("shop"), options)
    assert len(emulated.emulator.events()) == 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"backfill": None}, "the option backfill is missing"),
        ({"apiKey": "pk_0123456789abcdef"}, "looks like a key"),
        ({"mode": "overwrite"}, "never replaced"),
        ({"drop": "unique_id"}, "the column 'unique_id' is missing"),
    ],
)
def test_what_is_wrong_is_said_before_any_task(
    spark: Any, rows: Rows, options: dict[str, str], change: dict[str, str | None], said: str
) -> None:
    """In our own words, and the key is not among them."""
    df = rows(10).drop("shop", change.pop("drop", None) or "")
    mode = change.pop("mode", None) or "append"
    given = {k: v for k, v in {**options, **change}.items() if v is not None}
    before = len(spark.sparkContext.statusTracker().getJobIdsForGroup(None))
    with pytest.raises(Exception, match=said) as refused:
        save(df, given, mode)
    assert "pk_0123456789abcdef" not in str(refused.value)
    assert len(spark.sparkContext.statusTracker().getJobIdsForGroup(None)) == before


def stream(spark: Any, df: Any, folder: Path) -> Any:
    """The rows as a stream of files, in two batches."""
    source = str(folder / "source")
    if not Path(source).exists():
        df.write.parquet(source)
    reader = spark.readStream.schema(df.schema).option("maxFilesPerTrigger", 1)
    return reader.parquet(source)


def started(stream: Any, tmp_path: Path) -> Any:
    checkpoint = f"{tmp_path}/checkpoint"
    return stream.option("checkpointLocation", checkpoint).trigger(availableNow=True).start()


def test_a_stream_goes_on_from_its_checkpoint(
    spark: Any,
    rows: Rows,
    options: dict[str, str],
    emulated: Running,
    folder: Path,
    tmp_path: Path,
) -> None:
    """A batch that failed, with half of it sent, is sent as it was."""
    df = failing(stream(spark, rows(6_000).drop("shop"), tmp_path), at=4_700)
    writer = df.writeStream.format("klaviyo").options(**options)
    befall(folder, broken=0, attempts=4, url=emulated.url)
    with pytest.raises(Exception, match="the task is broken"):
        started(writer, tmp_path).awaitTermination()
    assert len(emulated.emulator.events(limit=10_000)) < 6_000
    befall(folder)
    started(writer, tmp_path).awaitTermination()
    on_the_wire(emulated, 6_000, again=4 * IN_FLIGHT)


def test_each_batch_as_a_write_of_its_own(
    spark: Any, rows: Rows, arguments: dict[str, Any], emulated: Running, tmp_path: Path
) -> None:
    """One that leaves something ends the stream, which goes on from there; each has its report."""
    from klaviyo_bulk_events.spark import each_batch

    reports = []
    send = each_batch(
        on_report=lambda number, report: reports.append((number, report)), **arguments
    )
    writer = stream(spark, rows(2_000), tmp_path).writeStream.foreachBatch(send)
    emulated.emulator.set_faults({"json_401": 1.0})
    with pytest.raises(Exception, match="start the stream again"):
        started(writer, tmp_path).awaitTermination()
    emulated.emulator.set_faults({})
    started(writer, tmp_path).awaitTermination()
    assert [number for number, _ in reports] == [0, 0, 1]
    assert [report.accepted for _, report in reports if report.unsent == 0] == [1_000, 1_000]
    on_the_wire(emulated, 2_000, again=10)
