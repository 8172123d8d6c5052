"""What a command writes: rejects, which are a source once mended, the report, and the summary."""

import errno
import io
import json
import os
import re
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events.cli import rejects
from klaviyo_bulk_events.emulator import Emulator

from .conftest import PROGRAM, Shell

Line = Callable[..., str]


def test_rejects_come_back_as_they_were_sent(shell: Shell, line: Line, emulator: Emulator) -> None:
    """What stayed unsettled is kept with its time and unique_id, and is a source itself."""
    path = shell.write("in.jsonl", line(time=None, unique_id=None))
    emulator.set_faults({"html_503_after": 1.0})
    options = ("--backfill", "--stamp-now", "--deadline", "0.1")
    assert shell("send", path, *options, "--rejects", "rejects.jsonl").exit_code == 3
    kept = json.loads((shell.folder / "rejects.jsonl").read_bytes())
    (event,) = emulator.events()
    assert kept["status"] == "unknown"
    assert [problem["code"] for problem in kept["problems"]] == ["no_answer", "attempt"]
    assert kept["problems"][1]["message"].startswith("attempt")
    assert "HTTP 503" in kept["problems"][1]["message"]
    assert kept["record"]["unique_id"] == event.unique_id
    assert kept["record"]["backfill"] is True
    assert kept["record"]["time"].startswith(event.time.isoformat()[:19])
    emulator.set_faults({})
    assert shell("send", "rejects.jsonl", "--backfill").exit_code == 0
    assert len(emulator.events()) == 1


def test_mended_rows_are_those_of_the_table(shell: Shell, emulator: Emulator) -> None:
    """A row mended among the rejects goes out as that of the mended table: never twice."""
    row = "{order},2,{value},ada@shop.org,2026-01-02T03:04:05Z\n"
    header = "Order,Qty,value,profile.email,time\n"
    good, bad = row.format(order=1, value="9.5"), row.format(order=2, value="abc")
    options = (
        *("--backfill", "--metric", "Sold", "--map", "Qty=properties.qty:number"),
        *("--unique-id-from", "Order", "--rest-as-properties"),
    )
    path = shell.write("orders.csv", header + good + bad)
    assert shell("send", path, *options, "--rejects", "rejects.jsonl").exit_code == 1
    rejected = (shell.folder / "rejects.jsonl").read_text()
    shell.write("mended.jsonl", rejected.replace('"abc"', "7.5"))
    assert shell("send", "mended.jsonl").exit_code == 0
    shell.write("orders.csv", header + good + bad.replace("abc", "7.5"))
    report = shell.report("send", path, *options)
    assert (report["accepted"], report["duplicate"]) == (0, 2)
    (event,) = (event for event in emulator.events() if event.unique_id == "2")
    assert (event.metric, event.value) == ("Sold", 7.5)
    assert event.properties == {"qty": 2, "Order": "2"}


@pytest.mark.parametrize("order", [None, 1.5])
def test_an_id_that_could_not_be_made_is_never_derived(
    shell: Shell, line: Line, emulator: Emulator, order: float | None
) -> None:
    """A record set aside for its unique_id goes out once it has one, and not before."""
    path = shell.write("in.jsonl", line(unique_id=None, properties={"order": order}))
    options = ("--backfill", "--unique-id-from", "properties.order")
    assert shell("send", path, *options, "--rejects", "rejects.jsonl").exit_code == 1
    assert shell("send", "rejects.jsonl").exit_code == 1
    assert emulator.events() == []
    kept = json.loads((shell.folder / "rejects.jsonl").read_bytes())
    kept["record"]["unique_id"] = "7"
    assert shell("send", shell.write("mended.jsonl", json.dumps(kept))).exit_code == 0


def test_rejects_keep_the_rest_as_properties(shell: Shell, line: Line, emulator: Emulator) -> None:
    """A record rejected for its time has its unknown keys among its properties already."""
    path = shell.write("in.jsonl", line(time=None, extra=1))
    options = ("--backfill", "--rest-as-properties", "--rejects", "rejects.jsonl")
    assert shell("send", path, *options).exit_code == 1
    kept = json.loads((shell.folder / "rejects.jsonl").read_bytes())
    assert kept["problems"][0]["code"] == "missing_time"
    assert kept["record"]["properties"] == {"sku": "A", "extra": 1}
    kept["record"]["time"] = "2026-01-02T03:04:05Z"
    assert shell("send", shell.write("mended.jsonl", json.dumps(kept))).exit_code == 0
    assert emulator.events()[0].properties == {"sku": "A", "extra": 1}


def test_rejects_of_a_backfill_never_fire_flows(shell: Shell, line: Line, emulator: Any) -> None:
    """The rejects say how they were to be sent, so that they can't be sent otherwise."""
    path = shell.write("in.jsonl", line(time="1999-01-01T00:00:00Z"))
    shell("send", path, "--backfill", "--rejects", "rejects.jsonl")
    mended = (shell.folder / "rejects.jsonl").read_text().replace("1999", "2009")
    shell.write("mended.jsonl", mended)
    assert shell("send", "mended.jsonl", "--trigger-flows").exit_code == 1
    assert emulator.events() == []
    assert shell("send", "mended.jsonl", "--backfill").exit_code == 0


def test_rejects_are_for_the_user_alone(shell: Shell, line: Line) -> None:
    """The file may be read by nobody else, also where it was there before."""
    path = shell.folder / "rejects.jsonl"
    broken = shell.write("broken.jsonl", line(metric=""))
    assert shell("check", "--backfill", broken, "--rejects", str(path)).exit_code == 1
    path.chmod(0o644)
    shell("send", "--backfill", shell.write("in.jsonl", line()), "--rejects", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == ""


@pytest.mark.parametrize("option", ["--rejects", "--report"])
def test_a_source_is_not_overwritten(shell: Shell, line: Line, option: str) -> None:
    """Neither the rejects nor the report may replace what is being read, by whatever path."""
    path = shell.write("in.jsonl", line())
    (shell.folder / "link.jsonl").symlink_to(path)
    result = shell("send", "--backfill", "in.jsonl", option, "link.jsonl")
    assert result.exit_code == 2
    assert "would overwrite" in result.stderr
    assert (shell.folder / "in.jsonl").read_text() == line()


@pytest.mark.parametrize("option", ["--rejects", "--report"])
def test_an_output_that_cannot_be_written(
    shell: Shell, line: Line, option: str, emulator: Emulator
) -> None:
    """A file that can't be written is known before anything is sent."""
    path = shell.write("in.jsonl", line())
    result = shell("send", "--backfill", path, option, "nowhere/out.jsonl")
    assert result.exit_code == 2
    assert "can't be written" in result.stderr
    assert emulator.summary()["requests"] == 0


@pytest.mark.parametrize("there", [True, False])
def test_outputs_are_not_one_file(
    shell: Shell, line: Line, emulator: Emulator, there: bool
) -> None:
    """The report may not replace the rejects, by whatever path, whether they are there or not."""
    path = shell.write("in.jsonl", line())
    if there:
        shell.write("out.json", "old")
    (shell.folder / "link").symlink_to("out.json")
    result = shell("send", "--backfill", path, "--rejects", "out.json", "--report", "./link")
    assert result.exit_code == 2
    assert "--rejects and --report can't both be written to link" in result.stderr
    assert emulator.summary()["requests"] == 0
    assert (shell.folder / "out.json").exists() == there


@pytest.mark.parametrize("option", ["--rejects", "--report"])
def test_an_output_is_not_the_journal(
    shell: Shell, line: Line, emulator: Emulator, option: str
) -> None:
    """It would cost the run its memory."""
    path = shell.write("in.jsonl", line())
    assert shell("send", "--backfill", path, "--journal", "run.db").exit_code == 0
    result = shell("send", "--backfill", path, "--journal", "run.db", option, "./run.db")
    assert result.exit_code == 2
    assert f"{option} and --journal can't both be written to run.db" in result.stderr
    assert shell("status", "run.db").exit_code == 0


def test_outputs_may_be_one_device(shell: Shell, line: Line) -> None:
    """Nothing is overwritten in /dev/null."""
    options = ("--rejects", "/dev/null", "--report", "/dev/null")
    assert shell("send", "--backfill", shell.write("in.jsonl", line()), *options).exit_code == 0


class FullDisk(io.BytesIO):
    """A file for which there is no room."""

    def write(self, data: Any, /) -> int:
        """Fail as a full disk does."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_rejects_that_do_not_fit(
    shell: Shell, line: Line, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk doesn't end the run; that rejects are missing is said at its end."""
    monkeypatch.setattr(rejects, "open_private", lambda path: FullDisk())
    path = shell.write("in.jsonl", line(profile={}) + "\n" + line())
    result = shell("send", "--backfill", path, "--rejects", "out.jsonl")
    assert result.exit_code == 2
    assert "out.jsonl is not complete: No space left on device" in result.stderr
    assert len(emulator.events()) == 1


@pytest.mark.parametrize(
    ("arguments", "full", "words"),
    [
        (("send", "--report", "/dev/full"), "none", "/dev/full is not complete: No space left"),
        (("send",), "stdout", "Standard output can't be written: No space left"),
        (("check",), "stdout", "Standard output can't be written: No space left"),
    ],
)
def test_a_full_disk(
    tmp_path: Path,
    line: Line,
    environment: dict[str, str],
    emulator: Emulator,
    arguments: tuple[str, ...],
    full: str,
    words: str,
) -> None:
    """What can't be written is said, with the summary wherever there is room for it."""
    source = tmp_path / "in.jsonl"
    source.write_text(line())
    with open("/dev/full", "w") as no_room:
        done = subprocess.run(
            (*PROGRAM, *arguments, "--backfill", str(source)),
            env={**os.environ, **environment},
            text=True,
            stdout=no_room if full == "stdout" else subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    summary = done.stderr if full == "stdout" else done.stdout
    assert re.search(r"(accepted|good) +1 ", summary)
    assert len(emulator.events()) == (arguments[0] == "send")


def test_a_reader_who_has_gone(tmp_path: Path, line: Line) -> None:
    """Who leaves a pager early changes nothing of what the exit code says."""
    source = tmp_path / "in.jsonl"
    source.write_text(line())
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        (*PROGRAM, "check", "--backfill", str(source)),
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("arguments", [("--help",), ("send", "--help"), ("--version",)])
def test_help_that_can_t_be_written(arguments: tuple[str, ...]) -> None:
    """A full disk is told in a sentence, and is no traceback."""
    with open("/dev/full", "w") as no_room:
        ended = subprocess.run(
            (*PROGRAM, *arguments), stdout=no_room, stderr=subprocess.PIPE, text=True
        )
    assert ended.returncode == 2
    assert ended.stderr == "Error: standard output can't be written: No space left on device\n"


def test_every_fault_of_a_row_is_kept(shell: Shell) -> None:
    """A rejected row names all that is wrong with it, so that it is mended once."""
    path = shell.write("in.csv", "metric,profile.email,value,backfill\nSold,a@b.co,x,maybe\n")
    assert shell("send", path, "--rejects", "rejects.jsonl").exit_code == 1
    (line,) = (shell.folder / "rejects.jsonl").read_text().splitlines()
    pointers = {problem["pointer"] for problem in json.loads(line)["problems"]}
    assert pointers == {"/value", "/backfill"}
