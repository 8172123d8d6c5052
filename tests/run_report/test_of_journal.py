"""`report run.db`: of a run that is complete, that was killed, and that goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from klaviyo_bulk_events.emulator import Running, Settings, running
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.rates import Rate

from .conftest import Record, Shell

OF_A_REPORT = (
    *("submitted", "accepted", "duplicate", "rejected", "unknown", "unsent", "in_flight"),
    *("requests", "retries", "bytes", "rejections", "warnings", "reasons", "settings", "versions"),
    *("state", "stopped"),
)
SEND = (sys.executable, "-m", "klaviyo_bulk_events", "send", "--backfill", "--quiet")


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Running]:
    """An emulator that takes four requests a second and answers none at once."""
    with running(Settings(rates=(Rate(4, 1.0),), seed=1)) as served:
        yield served


def write(shell: Shell, record: Record, count: int) -> None:
    """Write so many records, of which every 100th is broken."""
    records = [record(number) for number in range(count)]
    for broken in records[50::100]:
        broken["metric"] = ""
    shell.write("in.jsonl", *records)


@contextmanager
def sending(shell: Shell, served: Running) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that sends with the journal `run.db`."""
    arguments = (*SEND, "in.jsonl", "--journal", "run.db", "--rate", "4/1s", "--report", "end.json")
    environment = {**os.environ, **shell.environment, "KLAVIYO_BASE_URL": served.url}
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def data_when(shell: Shell, accepted: int) -> dict[str, Any]:
    """The report as soon as so many events are accepted."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if shell("report", "run.db", "--output", "now.json").exit_code == 0:
            data = shell.data("now.json")
            assert data["submitted"] == data["in_flight"] + settled(data)
            if data["accepted"] >= accepted:
                return data
        time.sleep(0.05)
    raise AssertionError("nothing was accepted")


def settled(data: dict[str, Any]) -> int:
    """The sum of the five numbers."""
    return sum(int(data[status.value]) for status in Status)


def test_of_a_complete_run(shell: Shell, record: Record) -> None:
    """It is what `send --report` has written."""
    write(shell, record, 450)
    shell.send("in.jsonl", "--journal", "run.db", "--report", "end.json")
    result = shell("report", "run.db", "--output", "now.json")
    assert (result.exit_code, result.stderr) == (0, "Wrote now.json.\n")
    end, now = shell.data("end.json"), shell.data("now.json")
    for name in OF_A_REPORT:
        assert now[name] == end[name], name
    assert now["timeline"]["buckets"]["accepted"] == end["timeline"]["buckets"]["accepted"]
    assert now["timeline"]["limits"] == end["timeline"]["limits"]
    assert now["timeline"]["limits"][0]["requests"] == 1_000
    assert shell("report", "run.db").exit_code == 0
    text = shell.page("run.html").text
    assert "446 of 450 events accepted: 4 rejected" in text
    assert "The run is complete." in text


def test_of_a_run_that_goes_on(shell: Shell, slow: Running, record: Record) -> None:
    """The numbers are true at every moment, and the run does not notice."""
    write(shell, record, 12_000)
    with sending(shell, slow) as process:
        data = data_when(shell, 2_000)
        assert data["state"] == "running"
        assert shell("report", "run.db").exit_code == 0
        assert "The run goes on" in shell.page("run.html").text
        assert process.wait(60) == 1
    end = orjson.loads(Path("end.json").read_bytes())
    assert (end["submitted"], end["accepted"], end["rejected"]) == (12_000, 11_880, 120)


def test_of_a_run_that_was_killed(shell: Shell, slow: Running, record: Record) -> None:
    """What was in flight is unknown; gone on with, the run tells of both sessions."""
    write(shell, record, 24_000)
    with sending(shell, slow) as process:
        data_when(shell, 2_000)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert shell("report", "run.db", "--output", "now.json").exit_code == 0
    data = shell.data("now.json")
    assert (data["state"], data["in_flight"]) == ("stopped", 0)
    assert "the same command again goes on with it" in data["stopped"]
    assert 2_000 <= data["accepted"] <= slow.emulator.summary()["accepted"]
    assert data["submitted"] == settled(data) < 24_000
    rejects = shell("rejects", "run.db").stdout_bytes.splitlines()
    lines = [orjson.loads(line)["status"] for line in rejects]
    assert lines.count("unknown") == data["unknown"]
    with sending(shell, slow) as process:
        assert process.wait(60) == 1
    end = shell.data("end.json")
    assert (end["accepted"] + end["duplicate"], end["rejected"]) == (23_760, 240)
    sessions = end["timeline"]["sessions"]
    assert [session["at"] == 0.0 for session in sessions] == [True, False]
    assert {of["code"]: of["events"] for of in end["reasons"]["rejected"]} == {"empty": 240}


def test_of_what_is_no_run(shell: Shell, record: Record) -> None:
    """An error that says so, and no page."""
    shell.write("in.jsonl", record())
    assert "no journal" in shell("report", "in.jsonl").stderr
    assert shell("report", "nowhere.db").exit_code == 2
    assert sorted(os.listdir()) == ["in.jsonl"]
    shell.send("in.jsonl", "--journal", "run.db")
    result = shell("report", "run.db", "--output", "run.db")
    assert (result.exit_code, "is no report of a run" in result.stderr) == (2, True)
