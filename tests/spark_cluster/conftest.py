"""A standalone master and two workers, on 127.0.0.1 and 127.0.0.2 of this machine."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from attrs import frozen

from tests.spark.conftest import ROOT, emulated, folder, served  # noqa: F401 - fixtures
from tests.spark.worker import FOLDER, KEYS

HOSTS = ("127.0.0.1", "127.0.0.2")


@frozen
class Cluster:
    """Its master's URL, and the process of each worker by its host."""

    url: str
    workers: dict[str, subprocess.Popen[bytes]]

    def lose(self, host: str) -> None:
        """Kill the worker outright, and its executors with it."""
        worker = psutil.Process(self.workers[host].pid)
        for process in [*worker.children(recursive=True), worker]:
            process.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def wait_for(port: int) -> None:
    """A driver gives up on a master that does not listen yet."""
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)


@pytest.fixture
def cluster(folder: Path, tmp_path: Path) -> Iterator[Cluster]:  # noqa: F811
    """Workers of one core each, which have keys in their environment."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ,
        FOLDER: str(folder),
        "SPARK_HOME": str(home),
        "SPARK_WORKER_DIR": str(tmp_path / "work"),
        "PYTHONPATH": str(ROOT),
        "PYSPARK_PYTHON": sys.executable,
        **{f"KEY_{account}": key for account, key in KEYS.items()},
    }
    port = free_port()
    url = f"spark://127.0.0.1:{port}"
    start = [str(home / "bin" / "spark-class")]
    role = "org.apache.spark.deploy"
    here = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
    started = [subprocess.Popen([*start, f"{role}.master.Master", *here], env=environment)]
    workers = {}
    try:
        wait_for(port)
        for host in HOSTS:
            there = ["--host", host, "--cores", "1", "--memory", "1g", "--webui-port", "0", url]
            command = [*start, f"{role}.worker.Worker", *there]
            workers[host] = subprocess.Popen(command, env=environment)
        started += workers.values()
        yield Cluster(url, workers)
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.fixture
def session(cluster: Cluster, folder: Path) -> Iterator[Callable[..., Any]]:  # noqa: F811
    """Starts an application with these settings, once both workers have joined it."""
    from pyspark.sql import SparkSession

    os.environ |= {FOLDER: str(folder), "PYSPARK_PYTHON": sys.executable}
    opened = []

    def start(**settings: str) -> Any:
        builder = SparkSession.builder.master(cluster.url)
        fixed = {
            "spark.driver.host": "127.0.0.1",
            "spark.executor.memory": "512m",
            "spark.executor.cores": "1",
            "spark.ui.enabled": "false",
            "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
            "spark.sql.shuffle.partitions": "2",
            # Java keeps what another test's application was started with.
            "spark.speculation": "false",
        }
        for name, value in {**fixed, **settings}.items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")
        opened.append(spark)
        executors = spark.sparkContext._jsc.sc().getExecutorMemoryStatus
        while executors().size() < 1 + len(HOSTS):
            time.sleep(0.1)
        return spark

    yield start
    for spark in opened:
        spark.stop()


@pytest.fixture
def rows() -> Callable[..., Any]:
    """A DataFrame of so many good rows of two accounts, in two partitions."""

    def rows(spark: Any, count: int) -> Any:
        from pyspark.sql import functions as F  # noqa: N812

        number = F.col("id").cast("string")
        return spark.range(count, numPartitions=2).select(
            F.concat(F.lit("shop-"), (F.col("id") % 2).cast("string")).alias("shop"),
            F.lit("Ordered").alias("metric"),
            F.concat(F.lit("c-"), number).alias("profile.external_id"),
            F.lit("2025-05-05T12:00:00Z").alias("time"),
            F.concat(F.lit("order-"), number).alias("unique_id"),
            F.col("id").alias("properties.number"),
        )

    return rows
