"""40 accounts of unequal size through `spark.write`: how near it comes to the limits' own time.

Needs PySpark and Java, and is not among those that run by themselves. Every account keeps the real
limits, so its largest one says how long it must take.
"""

import argparse
import os
import sys
import tempfile

from benchmarks import sink
from benchmarks.scale import alone
from benchmarks.stream import unequal
from klaviyo_bulk_events import Report

_CORES = 2


def main() -> None:
    """Print the time, and the least that the limits allow."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    largest = 1 if parser.parse_args().quick else 151
    sizes = unequal(largest)
    os.environ |= {"BENCHMARK_KEY": "pk_0123456789abcdef", "PYSPARK_PYTHON": sys.executable}
    with sink.running() as url, tempfile.TemporaryDirectory() as folder:
        send(dict.fromkeys(sizes, 1), url, f"file:{folder}/before")  # Java is slow at first
        report = send(sizes, url, f"file:{folder}/ledger")
    least = alone(largest, answer=0.0)
    print(f"{len(sizes)} accounts of {min(sizes.values()):,} to {max(sizes.values()):,} events")
    print(f"  {report.accepted:,} accepted on {_CORES} cores, {report.throttled} 429s")
    print(f"  in {report.seconds:.1f} s, with the time to put them in order")
    print(f"  {least:.1f} s is the least that the largest account's limits allow\n")


def send(sizes: dict[str, int], url: str, ledger: str) -> Report:
    """Send rows of these accounts, mixed; the report."""
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

    from klaviyo_bulk_events import spark

    builder = SparkSession.builder.master(f"local[{_CORES}]")
    session = builder.config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    accounts = session.createDataFrame(list(sizes.items()), "shop string, size long")
    numbered = accounts.select("shop", F.explode(F.sequence(F.lit(1), F.col("size"))).alias("n"))
    df = numbered.select(
        "shop",
        F.lit("Ordered Product").alias("metric"),
        F.concat_ws("-", "shop", F.col("n") % 500).alias("profile.external_id"),
        F.lit("2025-05-05T12:00:00Z").alias("time"),
        F.concat_ws("-", "shop", "n").alias("unique_id"),
        F.lit("A").alias("properties.sku"),
        F.col("n").alias("properties.number"),
    )
    report: Report = spark.write(
        df,
        accounts=dict.fromkeys(sizes, "env:BENCHMARK_KEY"),
        account_column="shop",
        backfill=True,
        run="benchmark",
        ledger=ledger,
        base_url=url,
    )
    return report


if __name__ == "__main__":
    main()
