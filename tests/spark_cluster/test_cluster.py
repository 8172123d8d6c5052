"""What only a cluster can do: run a task twice at once, and lose a machine."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events import ConfigurationError
from klaviyo_bulk_events.emulator import Running
from tests.spark import worker
from tests.spark.conftest import sums
from tests.spark.worker import befall
from tests.spark_cluster.conftest import HOSTS, Cluster

ROWS = 8_000
SPECULATION = {
    "spark.speculation": "true",
    "spark.speculation.interval": "100ms",
    "spark.speculation.multiplier": "1.1",
    "spark.speculation.quantile": "0.5",
    "spark.speculation.minTaskRuntime": "0ms",
}


def accepted(emulated: Running) -> tuple[int, int]:
    """Events that are there, and those that requests were accepted with: each counted once."""
    requests = emulated.emulator.requests(100_000)
    return len(emulated.emulator.events(limit=100_000)), sum(r.accepted for r in requests)


@pytest.mark.timeout(400)
def test_a_speculative_twin(
    session: Callable[..., Any],
    rows: Callable[..., Any],
    emulated: Running,
    folder: Path,
    tmp_path: Path,
) -> None:
    """Both attempts at a slow task send the same bytes, and every event counts once."""
    from pyspark.sql import functions as F  # noqa: N812

    from klaviyo_bulk_events.spark import write

    spark = session(**SPECULATION)
    df = rows(spark, ROWS)
    ledger = f"file:{tmp_path}/ledger"
    accounts = {name: f"env:KEY_{name}" for name in ("shop-0", "shop-1")}
    with pytest.raises(ConfigurationError, match=r"spark\.speculation is on"):
        write(
            df,
            accounts=accounts,
            account_column="shop",
            backfill=True,
            run="r",
            ledger=ledger,
            base_url=emulated.url,
        )
    slow = F.udf(worker.slow_from(2_500), "long", useArrow=False)
    befall(folder, slow=0.5, attempts=1)
    options = {
        "account": "shop-0",
        "credential": "env:KEY_shop-0",
        "backfill": "true",
        "run": "orders",
        "ledger": ledger,
        "baseUrl": emulated.url,
        "rates": "1/0.3s",
    }
    slowed = df.drop("shop").withColumn("properties.number", slow(F.col("`properties.number`")))
    slowed.write.format("klaviyo").mode("append").options(**options).save()
    assert (folder / "attempts").read_text().split().count("1") > 0  # there was a twin
    assert accepted(emulated) == (ROWS, ROWS)


@pytest.mark.timeout(400)
def test_a_machine_that_is_lost(
    session: Callable[..., Any],
    cluster: Cluster,
    rows: Callable[..., Any],
    emulated: Running,
    tmp_path: Path,
) -> None:
    """Killed with requests under way: another does its work, and the report has it all, once."""
    from klaviyo_bulk_events.spark import write

    spark = session()

    def lose() -> None:
        while len(emulated.emulator.requests()) < 4:
            time.sleep(0.02)
        cluster.lose(HOSTS[1])

    thread = threading.Thread(target=lose, daemon=True)
    thread.start()
    report = write(
        rows(spark, 2 * ROWS),
        accounts={name: f"env:KEY_{name}" for name in ("shop-0", "shop-1")},
        account_column="shop",
        backfill=True,
        run="orders",
        ledger=f"file:{tmp_path}/ledger",
        base_url=emulated.url,
        rates=["1/0.5s"],
        tasks=2,
    )
    thread.join()
    assert (report.submitted, sums(report)) == (2 * ROWS, 2 * ROWS)
    assert accepted(emulated) == (2 * ROWS, 2 * ROWS)
