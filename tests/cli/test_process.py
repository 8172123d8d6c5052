"""The command line as a process: signals, terminals, pipes and what it imports."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from klaviyo_bulk_events.emulator import Emulator, Running, Settings, running
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST

from .conftest import KEY, PROGRAM

MOST = EVENTS_PER_REQUEST.value

Line = Callable[..., str]
PATIENCE = 20.0


def variables(**more: str) -> dict[str, str]:
    return {**os.environ, "KLAVIYO_API_KEY": KEY, **more}


@contextmanager
def started(*arguments: str, **more: str) -> Iterator["subprocess.Popen[str]"]:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        (*PROGRAM, *arguments),
        env=variables(**more),
        text=True,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_while_sending(
    tmp_path: Path, line: Line, number: signal.Signals, code: int
) -> None:
    """The first signal settles what is under way, and the report is true."""
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(line(unique_id=str(n)) for n in range(20_000)))
    report = tmp_path / "report.json"
    settings = Settings(faults={"slow": 1.0}, delay=0.5, rates=())
    with (
        running(settings) as served,
        started(
            *("send", "--backfill", str(source), "--report", str(report)),
            *("--max-in-flight", "2", "--verbose"),
            KLAVIYO_BASE_URL=served.url,
        ) as process,
    ):
        until(lambda: served.emulator.summary()["accepted"])
        process.send_signal(number)
        out, error = process.communicate(timeout=PATIENCE)
        held = served.emulator.summary()["accepted"]
    assert process.returncode == code
    assert "Stopping: what is under way is settled first" in error
    content = orjson.loads(report.read_bytes())
    assert content["stopped"] == f"interrupted by {number.name}"
    assert content["accepted"] == held
    assert content["submitted"] == held + content["unsent"] < 20_000
    assert re.search(rf"accepted +{held:,} ", out)


def test_no_longer_than_the_grace_time(tmp_path: Path, line: Line) -> None:
    """What is under way gets its time, and then is unknown: the report is written all the same."""
    source, report = tmp_path / "in.jsonl", tmp_path / "report.json"
    source.write_text("\n".join(line(unique_id=str(n)) for n in range(2 * MOST)))
    arguments = ("send", "--backfill", str(source), "--report", str(report), "--grace", "0.2")
    with (
        running(Settings(faults={"silence": 1.0}, rates=())) as served,
        started(*arguments, "--max-in-flight", "1", KLAVIYO_BASE_URL=served.url) as process,
    ):
        until(lambda: served.emulator.summary()["requests"])
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 143
    content = orjson.loads(report.read_bytes())
    assert (content["unknown"], content["requests"]) == (MOST, 1)
    assert content["submitted"] == MOST + content["unsent"]


def test_interrupted_while_waiting_for_a_pipe(
    line: Line, served: Running, emulator: Emulator
) -> None:
    """A pipe on which nothing comes doesn't hold the run: what was taken is unsent."""
    arguments = ("send", "--backfill", "-", "--format", "jsonl")
    with started(*arguments, KLAVIYO_BASE_URL=served.url) as process:
        assert process.stdin is not None
        process.stdin.writelines(line(unique_id=str(n)) + "\n" for n in range(MOST + 1))
        process.stdin.flush()
        until(lambda: emulator.summary()["accepted"])
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert re.search(f"submitted +{MOST + 1:,}\n", out)
    assert re.search(f"accepted +{MOST:,} ", out)
    assert re.search("unsent +1 ", out)


def test_a_second_signal_ends_it_at_once(tmp_path: Path, line: Line) -> None:
    """Who doesn't want to wait for what is under way doesn't have to."""
    source = tmp_path / "in.jsonl"
    source.write_text(line())
    with (
        running(Settings(faults={"silence": 1.0})) as served,
        started("send", "--backfill", str(source), KLAVIYO_BASE_URL=served.url) as process,
    ):
        until(lambda: served.emulator.summary()["requests"])
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "Stopping" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130


@pytest.mark.parametrize(
    "content", ["{}", "metric,profile.email,time\nA,ada@shop.org,20260102T00Z"]
)
def test_standard_input(
    environment: dict[str, str], line: Line, content: str, emulator: Emulator
) -> None:
    """Standard input is JSON lines or CSV, whichever it starts as."""
    content = line() if content == "{}" else content
    done = subprocess.run(
        (*PROGRAM, "send", "--backfill", "-"),
        env={**os.environ, **environment},
        input=content,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(emulator.events()) == 1


def without(descriptor: int, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that is started without one of the standard streams."""
    script = f'exec "$@" {descriptor}{"<" if descriptor == 0 else ">"}&-'
    return subprocess.run(
        ("sh", "-c", script, "sh", *PROGRAM, *arguments),
        env=variables(**more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("descriptor", [0, 1, 2])
def test_without_a_standard_stream(
    tmp_path: Path, line: Line, served: Running, emulator: Emulator, descriptor: int
) -> None:
    """A file is sent all the same."""
    source = tmp_path / "in.jsonl"
    source.write_text(line())
    done = without(descriptor, "send", str(source), "--backfill", KLAVIYO_BASE_URL=served.url)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert len(emulator.events()) == 1


@pytest.mark.parametrize("more", [(), ("--format", "jsonl")])
def test_standard_input_that_is_closed(more: tuple[str, ...]) -> None:
    """There is nothing to read, and that is wrong usage."""
    done = without(0, "send", "-", "--backfill", *more)
    assert done.returncode == 2
    assert done.stderr == "Error: standard input is closed: there is nothing to read\n"


def on_terminal(
    arguments: tuple[str, ...], answer: bytes, url: str, width: int = 80
) -> tuple[int, str]:
    """Run a command on a terminal, and answer its question."""
    process, terminal = pty.fork()
    if process == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", 24, width, 0, 0))
        environment = variables(KLAVIYO_BASE_URL=url, TERM="xterm")
        environment.pop("COLUMNS", None)
        os.execve(sys.executable, (*PROGRAM, *arguments), environment)
    output = bytearray()
    answered = False
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        try:
            output += os.read(terminal, 4096) if ready else b""
        except OSError:
            break
        if b"Send? [y/N]: " in output and not answered:
            os.write(terminal, answer)
            answered = True
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), output.decode()


@pytest.mark.parametrize(
    ("option", "mode"),
    [
        ("--backfill", "backfill: the events are recorded and fire no flows"),
        ("--trigger-flows", "TRIGGERS FLOWS: real customers get e-mails"),
    ],
)
def test_it_asks_on_a_terminal(
    tmp_path: Path, line: Line, emulator: Emulator, served: Running, option: str, mode: str
) -> None:
    """Account, metrics and mode are shown, and a no sends nothing."""
    source = tmp_path / "in.jsonl"
    source.write_text(line() + "\n" + line(metric="Viewed Product"))
    code, output = on_terminal(("send", str(source), option), b"n\n", served.url)
    assert code == 130
    assert mode in output
    assert f"key …{KEY[-4:]} at {served.url.removeprefix('http://')}" in output
    assert "Ordered Product, Viewed Product (in all records)" in output
    assert KEY not in output
    assert emulator.summary()["requests"] == 0


@pytest.mark.parametrize(("options", "answer"), [((), b"y\n"), (("--yes",), b"")])
def test_a_bar_on_a_terminal(
    tmp_path: Path, line: Line, emulator: Emulator, options: tuple[str, ...], answer: bytes
) -> None:
    """After a yes, or without a question, a bar shows how far the run is."""
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(line(unique_id=str(n)) for n in range(2_000)))
    with running(Settings(faults={"slow": 1.0}, delay=0.6)) as served:
        arguments = ("send", "--backfill", str(source), *options)
        code, output = on_terminal(arguments, answer, served.url)
    assert code == 0
    assert ("Send?" in output) == (not options)
    assert "of the limit" in output
    assert "submitted   2,000" in output


@pytest.mark.parametrize(("width", "cells"), [(80, 20), (60, 8)])
def test_all_of_the_bar_fits(tmp_path: Path, line: Line, width: int, cells: int) -> None:
    """On a terminal of common width nothing is cut off: bar, events, speed, limit and time left."""
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(line(unique_id=str(n)) for n in range(5_000)))
    with running(Settings(faults={"slow": 1.0}, delay=0.4)) as served:
        arguments = ("send", "--yes", "--backfill", str(source), "--max-in-flight", "1")
        code, output = on_terminal(arguments, b"", served.url, width)
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output)
    shown = r"[^ ] [━╸╺]{%d} +\d+%% [1-9][\d,]* · [\d,]+/s · \d+%% of the limit · \d+\.\d s *\r"
    assert re.search(shown % cells, plain), plain


def test_help_imports_nothing_heavy() -> None:
    """Help comes at once: nothing is imported that only a command needs."""
    script = (
        "import sys\n"
        "from klaviyo_bulk_events.cli.main import cli\n"
        "for words in (['--help'], ['send', '--help'], ['check', '--help'], ['demo', '--help'],\n"
        "              ['emulate', '--help']):\n"
        "    cli.main(words, standalone_mode=False)\n"
        "print(','.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        (sys.executable, "-c", script), capture_output=True, text=True, check=True
    )
    imported = set(done.stderr.strip().split(","))
    heavy = {"duckdb", "uvicorn", "starlette", "jsonschema_rs"}
    assert imported & heavy == set()
    assert "klaviyo_bulk_events.cli.sending" not in imported


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_its_extra(missing: str) -> None:
    """Without the extra, the command says how to get it, and ends with 2."""
    script = (
        "import sys\n"
        f"sys.modules[{missing!r}] = None\n"
        "from klaviyo_bulk_events.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        (sys.executable, "-c", script), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "the command line needs an extra: pip install 'klaviyo-bulk-events[cli]'\n"
    )


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")
def test_a_query_that_gets_at_the_environment_finds_no_key(tmp_path: Path) -> None:
    """Where DuckDB is led past what it may read, the key is not there any more."""
    (tmp_path / "link").symlink_to("/tmp")
    path = f"{tmp_path}/link/../proc/self/environ"
    query = f"""
        select case when contains(content::varchar, '{KEY}') then 'Key' when
        contains(content::varchar, 'KLAVIYO_API_KEY=') then 'No key' end as metric,
        '7' as "profile.external_id", '2026-01-01T00:00:00Z' as time from read_blob('{path}')
    """
    done = subprocess.run(
        (*PROGRAM, "check", "--backfill", "--sql", query),
        env=variables(),
        capture_output=True,
        text=True,
    )
    assert "No key" in done.stdout or "Cannot access file" in done.stderr
