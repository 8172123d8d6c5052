"""A real Spark, whose tasks are tried four times, against an emulator."""

import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events.emulator import Running, Settings, running
from tests.spark import worker
from tests.spark.worker import FOLDER, KEYS, befall


def pytest_configure(config: pytest.Config) -> None:
    """PySpark 4.0 leaves sockets to the garbage collector."""
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")


ROOT = Path(__file__).parents[2]
REVOKED = "pk_revoked_0123456789abcdef"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What workers see of the test; in the environment, as Spark starts them once."""
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="session")
def spark(folder: Path) -> Iterator[Any]:
    """Two cores, four attempts at each task, the pages and the event log switched on."""
    if shutil.which("java") is None:
        missing = "java is not installed (Debian: apt-get install default-jre-headless)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    from pyspark.sql import SparkSession

    (folder / "events").mkdir()
    os.environ |= {
        FOLDER: str(folder),
        "PYTHONPATH": str(ROOT),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "REVOKED_KEY": REVOKED,
        **{f"KEY_{account}": key for account, key in KEYS.items()},
    }
    settings = {
        "spark.ui.port": "0",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": f"file://{folder}/events",
        "spark.eventLog.compress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "Europe/Berlin",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
    }
    builder = SparkSession.builder.master("local[2,4]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySpark's own, of its own libraries
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def served() -> Iterator[Running]:
    with running(Settings(rates=(), account_per_key=True, seed=1)) as served:
        yield served


@pytest.fixture
def emulated(served: Running, folder: Path) -> Running:
    """An emulator without limits of rate, as new; and nothing befalls tasks."""
    served.emulator.set_faults({})
    served.emulator.reset()
    befall(folder)
    return served


@pytest.fixture
def arguments(emulated: Running, tmp_path: Path) -> dict[str, Any]:
    """What every write is called with; 0.2 s go by between an account's requests."""
    return {
        "accounts": dict.fromkeys(KEYS, f"{worker.__name__}:token"),
        "account_column": "shop",
        "backfill": True,
        "run": "orders",
        "ledger": f"file:{tmp_path}/ledger",
        "base_url": emulated.url,
        "rates": ["1/0.2s"],
        "tasks": 2,
    }


@pytest.fixture
def rows(spark: Any) -> Callable[..., Any]:
    """A DataFrame of so many good rows for so many accounts, in an order of its own."""
    from pyspark.sql import functions as F  # noqa: N812

    def rows(count: int, accounts: int = 2) -> Any:
        number = F.col("id").cast("string")
        return spark.range(count, numPartitions=2).select(
            F.concat(F.lit("shop-"), (F.col("id") % accounts).cast("string")).alias("shop"),
            F.lit("Ordered").alias("metric"),
            F.struct(F.concat(F.lit("c-"), number).alias("external_id")).alias("profile"),
            F.timestamp_seconds(F.col("id") + 1_746_000_000).alias("time"),
            F.concat(F.lit("order-"), number).alias("unique_id"),
            F.col("id").alias("properties.number"),
        )

    return rows


def on_the_wire(emulated: Running, rows: int, again: int) -> None:
    """All rows are there, once; at most so many requests were made again."""
    assert len(emulated.emulator.events(limit=1_000_000)) == rows
    assert sum(request.accepted for request in emulated.emulator.requests(1_000_000)) == rows
    chunks = -(-rows // 1_000)
    assert len(emulated.emulator.requests(1_000_000)) <= chunks + again


def sums(report: Any) -> int:
    """Events that are there; the report's parts make its whole, for each account and for all."""
    parts = report.accounts.values()
    assert report.submitted == sum(part.submitted for part in parts)
    assert report.accepted == sum(part.accepted for part in parts)
    return int(report.accepted + report.duplicate)
