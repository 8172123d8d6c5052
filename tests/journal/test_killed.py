"""The command as a process that is killed at any moment, and started again until it is done."""

import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import orjson
import pytest

from klaviyo_bulk_events.emulator import Settings, running
from klaviyo_bulk_events.rates import Rate

from .conftest import KEY, record

RATES = ("10/0.5s", "30/2s")
PATIENCE = 60.0
PROGRAM = (sys.executable, "-m", "klaviyo_bulk_events", "send", "--backfill")


def lines(count: int) -> bytes:
    """Lines of which every 50th is broken and every 70th repeats an earlier one."""
    records = [record(n, padding_=None) for n in range(count)]
    for at, content in enumerate(records):
        del content["padding_"]
        content["properties"]["text"] = "x" * 9_000
        if at % 50 == 49:
            content["metric"] = ""
        if at % 70 == 69:
            records[at] = dict(records[at - 68])
    return b"\n".join(map(orjson.dumps, records))


@pytest.mark.parametrize(("seed", "times"), [(1, 4), (2, 10)])
def test_killed_and_resumed(tmp_path: Path, seed: int, times: int) -> None:
    """Each valid event is there once, the report is of all sessions, and no limit was broken."""
    count = 8_000
    source, report, journal = (tmp_path / name for name in ("in.jsonl", "report.json", "run.db"))
    source.write_bytes(lines(count))
    moments = random.Random(seed)
    rates = tuple(map(Rate.parse, RATES))
    arguments = [*PROGRAM, str(source), "--journal", str(journal), "--report", str(report)]
    arguments += ["--max-in-flight", "2", "--timeout", "1", "--quiet"]
    arguments += [word for rate in RATES for word in ("--rate", rate)]
    kills = 0
    with running(Settings(rates=rates, seed=seed, keep=count)) as served:
        environment = {**os.environ, "KLAVIYO_API_KEY": KEY, "KLAVIYO_BASE_URL": served.url}
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE) as process:
                patience = moments.uniform(0.3, 1.2) if kills < times else PATIENCE
                try:
                    process.communicate(timeout=patience)
                    break
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    kills += 1
            check_files(tmp_path)
        summary = served.emulator.summary()
        held = Counter(event.unique_id for event in served.emulator.events(limit=count))
        arrivals = [request.arrived for request in served.emulator.requests()]
    assert kills
    assert process.returncode == 1
    valid = {orjson.loads(line)["unique_id"] for line in good(source)}
    assert held == Counter(valid)
    assert "429" not in summary["statuses"]
    for rate in rates:
        assert busiest(arrivals, rate.seconds) <= rate.limit
    sums = orjson.loads(report.read_bytes())
    assert sums["submitted"] == count
    assert sums["accepted"] + sums["duplicate"] == sum(1 for _ in good(source))
    assert sums["unknown"] == sums["unsent"] == 0


def check_files(folder: Path) -> None:
    """Whatever a dead run leaves is private, and holds no key."""
    for file in folder.glob("run.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert KEY.encode() not in file.read_bytes()


def good(source: Path) -> list[bytes]:
    return [line for line in source.read_bytes().splitlines() if b'"metric":""' not in line]


def busiest(arrivals: list[float], seconds: float) -> int:
    return max(sum(start <= a < start + seconds for a in arrivals) for start in arrivals)
