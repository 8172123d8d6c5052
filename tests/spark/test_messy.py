"""A messy file gives the same numbers from Spark as from the command line."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from klaviyo_bulk_events import Intake
from klaviyo_bulk_events.emulator import Running

COMPARED = ("submitted", "accepted", "duplicate", "rejected", "unknown", "unsent", "rejections")


def messy(path: Path) -> None:
    """3,000 lines of invoices: a third have no customer, some are there twice, some are old."""
    lines = [
        {
            "metric": "Ordered Product",
            "profile.external_id": None if number % 3 == 0 else str(number % 41),
            "time": datetime(1999 if number % 50 == 1 else 2024, 12, 1, 8, number % 60),
            "InvoiceNo": f"C{number % 700}" if number % 11 == 0 else str(number % 700),
            "Description": None if number % 17 == 0 else f"WHITE HANGING HEART {number % 23}",
            "UnitPrice": (number % 97) / 10,
        }
        for number in range(3_000)
    ]
    pq.write_table(pa.Table.from_pylist([*lines, *lines[500:900]]), path)


def test_the_same_numbers(
    spark: Any, arguments: dict[str, Any], emulated: Running, tmp_path: Path
) -> None:
    """What is accepted, a duplicate, and rejected for what; the same events arrive."""
    from klaviyo_bulk_events.spark import write

    source, report = tmp_path / "messy.parquet", tmp_path / "report.json"
    messy(source)
    command = [sys.executable, "-m", "klaviyo_bulk_events", "send", str(source), "--backfill"]
    command += ["--timezone", "Europe/London", "--rest-as-properties", "--base-url", emulated.url]
    command += ["--rate", "100/s", "--report", str(report), "--yes", "--quiet"]
    environment = {"KLAVIYO_API_KEY": "pk_0123456789abcdef"}
    assert subprocess.run(command, env=environment, check=False).returncode == 1
    told = json.loads(report.read_text())
    keys = {event.unique_id for event in emulated.emulator.events(limit=10_000)}
    emulated.emulator.reset()
    del arguments["account_column"]
    arguments["accounts"] = {"shop-0": "env:KEY_shop-0"}
    intake = Intake(timezone="Europe/London", rest_as_properties=True)
    df = spark.read.parquet(str(source))
    sent = write(df, **arguments, intake=intake, derive_unique_id=True)
    assert {name: getattr(sent, name) for name in COMPARED} == {n: told[n] for n in COMPARED}
    assert min(told["accepted"], told["duplicate"], told["rejected"]) > 0
    assert {event.unique_id for event in emulated.emulator.events(limit=10_000)} == keys
