"""`send --journal`, `status`, `rejects` and `purge`."""

import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from klaviyo_bulk_events.cli.main import cli
from klaviyo_bulk_events.emulator import Running

from .conftest import KEY, record

SEND = ("--backfill", "--journal", "run.db", "--rate", "1000/s", "--quiet")


class Shell:
    """Runs commands that send to the emulator."""

    def __init__(self, url: str) -> None:
        self.environment = {"KLAVIYO_API_KEY": KEY, "KLAVIYO_BASE_URL": url}

    def __call__(self, *arguments: str) -> Result:
        """Run a command; no exception but SystemExit may leave it."""
        result = CliRunner().invoke(cli, arguments, env=self.environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def send(self, *arguments: str) -> Result:
        """Send with the journal `run.db`."""
        return self("send", *SEND, *arguments)

    def pipe(self, content: bytes, *arguments: str) -> int:
        """Send standard input, in a process; the exit code."""
        return self.process("-", *arguments, input=content).returncode

    def process(self, *arguments: str, **more: Any) -> "subprocess.CompletedProcess[bytes]":
        """Send with the journal `run.db`, in a process."""
        return subprocess.run(
            self._program(arguments), env=self._env(), capture_output=True, check=False, **more
        )

    def started(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """A process that sends with the journal `run.db`, and ignores no signal.

        It would those that the tests' own process was told to ignore, as `nohup` does.
        """
        return subprocess.Popen(
            self._program(arguments),
            env=self._env(),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=heed_all_signals,
        )

    def _program(self, arguments: tuple[str, ...]) -> tuple[str, ...]:
        return (sys.executable, "-m", "klaviyo_bulk_events", "send", *SEND, *arguments)

    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.environment, "PYTHONPATH": os.pathsep.join(sys.path)}


def heed_all_signals() -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def shell(emulated: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Shell(emulated.url)


def lines_of(first: int, end: int) -> bytes:
    """Records as lines of JSON."""
    return b"".join(orjson.dumps(record(number)) + b"\n" for number in range(first, end))


def wait_for(name: str) -> None:
    """Wait until there is such a file."""
    until = time.monotonic() + 30
    while not Path(name).exists():
        assert time.monotonic() < until
        time.sleep(0.01)


def write(count: int, *broken: int) -> None:
    """A file of records, some of them broken."""
    records: list[dict[str, Any]] = [record(number) for number in range(count)]
    for number in broken:
        records[number]["metric"] = ""
    Path("in.jsonl").write_bytes(b"\n".join(map(orjson.dumps, records)))


def test_send_again(shell: Shell, emulated: Running) -> None:
    """The same command sends nothing twice, and writes the same rejects."""
    write(2_100, 3, 2_000)
    first = shell.send("in.jsonl", "--rejects", "rejects.jsonl")
    rejects = Path("rejects.jsonl").read_bytes()
    again = shell.send("in.jsonl", "--rejects", "rejects.jsonl")
    assert (first.exit_code, again.exit_code) == (1, 1)
    assert Path("rejects.jsonl").read_bytes() == rejects
    assert rejects.count(b"\n") == 2
    assert emulated.emulator.summary()["accepted"] == 2_098
    assert emulated.emulator.summary()["requests"] == 3


def test_who_keeps_no_journal_loads_none() -> None:
    """Neither the client nor `send` waits for what it doesn't use."""
    program = (
        "import sys, klaviyo_bulk_events.client, klaviyo_bulk_events.cli.sending; "
        "assert not {'sqlite3', 'klaviyo_bulk_events.journal'} & sys.modules.keys()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run((sys.executable, "-c", program), env=environment, check=True)


def test_rejects_again(shell: Shell) -> None:
    """The rejects can be had later, in a private file or on standard output."""
    write(100, 3)
    shell.send("in.jsonl", "--rejects", "first.jsonl")
    assert shell("rejects", "run.db", "again.jsonl").exit_code == 0
    assert Path("again.jsonl").read_bytes() == Path("first.jsonl").read_bytes()
    assert stat.S_IMODE(Path("again.jsonl").stat().st_mode) == 0o600
    assert shell("rejects", "run.db").stdout_bytes == Path("first.jsonl").read_bytes()


def test_status(shell: Shell, emulated: Running) -> None:
    """It tells the counts, the last answer with Klaviyo's error id, and what comes next."""
    write(1_500)
    emulated.emulator.set_faults({"json_500": 1.0})
    shell.send("in.jsonl", "--deadline", "0.1")
    told = shell("status", "run.db").stdout
    assert "The run has stopped: the same command again goes on with it." in told
    assert "in flight  1,500" in told
    assert "Last answer" in told
    assert "HTTP 500" in told
    emulated.emulator.set_faults({})
    shell.send("in.jsonl")
    told = shell("status", "run.db").stdout
    assert "The run is complete." in told
    assert "accepted   1,500" in told


def test_standard_input(shell: Shell, emulated: Running) -> None:
    """What came in is on disk until it is sent; then the snapshot is gone."""
    content = b"\n".join(orjson.dumps(record(number)) for number in range(1_200))
    emulated.emulator.set_faults({"html_503": 1.0})
    shell.pipe(content, "--deadline", "0.1")
    assert stat.S_IMODE(Path("run.db-snapshot").stat().st_mode) == 0o600
    emulated.emulator.set_faults({})
    assert shell.pipe(b"") == 0
    assert emulated.emulator.summary()["accepted"] == 1_200
    assert not Path("run.db-snapshot").exists()


def test_a_pipe_goes_on_with_its_snapshot(shell: Shell, emulated: Running) -> None:
    """What is piped in then is not read, which is said."""
    emulated.emulator.set_faults({"html_503": 1.0})
    shell.pipe(lines_of(0, 20), "--deadline", "0.1")
    emulated.emulator.set_faults({})
    again = shell.process("-", input=lines_of(20, 40))
    assert again.returncode == 0
    assert b"Going on with run.db-snapshot" in again.stderr
    assert b"what is piped in or selected now is not read" in again.stderr
    assert {event.unique_id for event in emulated.emulator.events()} == {
        f"order-{number}" for number in range(20)
    }


def test_a_pipe_after_a_complete_run(shell: Shell, emulated: Running) -> None:
    """What comes on the next day can't be told from what came before: it is refused, not lost."""
    assert shell.pipe(lines_of(0, 20)) == 0
    again = shell.process("-", input=lines_of(20, 40))
    assert again.returncode == 2
    assert b"the run of run.db is complete" in again.stderr
    assert b"give this run a journal of its own" in again.stderr
    assert not list(Path().glob("run.db-snapshot*"))
    assert emulated.emulator.summary()["accepted"] == 20


def test_a_pipe_after_purge(shell: Shell) -> None:
    """It is refused before anything of it is written down."""
    shell.pipe(lines_of(0, 20))
    shell("purge", "run.db")
    again = shell.process("-", input=lines_of(20, 40))
    assert again.returncode == 2
    assert b"run.db was purged" in again.stderr
    assert not list(Path().glob("run.db-snapshot*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_snapshot(shell: Shell, number: signal.Signals) -> None:
    """Nothing of it stays."""
    with shell.started("-") as process:
        assert process.stdin is not None
        process.stdin.write(lines_of(0, 20))
        process.stdin.flush()
        wait_for("run.db-snapshot-half")
        process.send_signal(number)
        process.communicate()
    assert process.returncode == 128 + number
    assert not list(Path().glob("run.db-snapshot*"))


@pytest.mark.parametrize("name", ["snapshot-half", "snapshot", "bodies", "wal"])
def test_purge_where_no_run_began(shell: Shell, name: str) -> None:
    """What a run that was killed before it began, or a lost database, left behind is removed."""
    Path(f"run.db-{name}").write_bytes(b"order-1")
    assert shell("purge", "run.db").exit_code == 0
    assert not Path("run.db").exists()
    assert not Path(f"run.db-{name}").exists()


def test_a_snapshot_that_was_not_finished(shell: Shell, emulated: Running) -> None:
    """It counts for nothing, and is written anew."""
    Path("run.db-snapshot-half").write_bytes(b"half of it")
    assert shell.pipe(b"\n".join(orjson.dumps(record(number)) for number in range(10))) == 0
    assert emulated.emulator.summary()["accepted"] == 10
    assert not list(Path().glob("run.db-snapshot*"))


def test_no_room(shell: Shell, emulated: Running) -> None:
    """Where files can't grow, nothing goes out that isn't remembered; with room the run goes on."""

    def no_large_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, 5_000_000))

    write(6_000)
    failed = shell.process("in.jsonl", preexec_fn=no_large_files)
    assert failed.returncode == 2
    assert b"the journal run.db can't be written" in failed.stdout
    before = emulated.emulator.summary()["accepted"]
    assert before < 6_000
    assert shell.send("in.jsonl").exit_code == 0
    assert emulated.emulator.summary()["accepted"] == 6_000
    assert len({event.unique_id for event in emulated.emulator.events(limit=10_000)}) == 6_000


def test_sql(shell: Shell, emulated: Running) -> None:
    """A query is run once: its rows have no order to come back to."""
    query = (
        "select 'A' as metric, {'external_id': n::varchar} as profile, "
        "now() as time, random()::varchar as unique_id from range(1500) t(n)"
    )
    emulated.emulator.set_faults({"html_503": 1.0})
    shell.send("--sql", query, "--deadline", "0.1")
    emulated.emulator.set_faults({})
    assert shell.send("--sql", query).exit_code == 0
    assert emulated.emulator.summary()["accepted"] == 1_500


@pytest.mark.parametrize("is_complete", [True, False])
def test_sql_with_another_limit(shell: Shell, emulated: Running, is_complete: bool) -> None:
    """The limit belongs to what was selected: with another one it is another run."""
    query = (
        "select 'A' as metric, {'external_id': n::varchar} as profile, "
        "now() as time, n::varchar as unique_id from range(50) t(n)"
    )
    emulated.emulator.set_faults({} if is_complete else {"html_503": 1.0})
    shell.send("--sql", query, "--limit", "10", "--deadline", "0.1")
    emulated.emulator.set_faults({})
    result = shell.send("--sql", query)
    assert result.exit_code == 2
    assert ("is complete" if is_complete else "limit (was '10', is None)") in result.stderr
    assert emulated.emulator.summary()["accepted"] == (10 if is_complete else 0)


def test_a_file_with_another_limit(shell: Shell, emulated: Running) -> None:
    """A file is read again, and further."""
    write(50)
    shell.send("in.jsonl", "--limit", "10")
    assert shell.send("in.jsonl").exit_code == 0
    assert emulated.emulator.summary()["accepted"] == 50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("in.jsonl", "--metric", "Ordered Product"), "metric (was None"),
        (("other.jsonl",), "source (was ['in.jsonl'], is ['other.jsonl'])"),
    ],
)
def test_of_another_run(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    """Another source or another reading of it is wrong usage."""
    write(10)
    Path("other.jsonl").write_bytes(Path("in.jsonl").read_bytes())
    shell.send("in.jsonl")
    result = shell.send(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_changed_source(shell: Shell) -> None:
    """The error names the line."""
    write(50)
    shell.send("in.jsonl")
    write(50, 20)
    result = shell.send("in.jsonl")
    assert result.exit_code == 2
    assert "it changed from record 21 (in.jsonl:21) on" in result.stdout


def test_purge(shell: Shell, emulated: Running) -> None:
    """Nothing but counts is left, in any file; the run can't go on."""
    write(1_500, 7)
    emulated.emulator.set_faults({"html_503": 1.0})
    shell.send("in.jsonl", "--deadline", "0.1")
    assert shell("purge", "run.db").exit_code == 0
    left = b"".join(file.read_bytes() for file in Path().glob("run.db*"))
    assert b"order-" not in left
    assert b"Ordered Product" not in left
    told = shell("status", "run.db").stdout
    assert "The journal was purged" in told
    assert "rejected       1" in told
    result = shell.send("in.jsonl")
    assert result.exit_code == 2
    assert "was purged" in result.stderr


def test_forget(shell: Shell, emulated: Running) -> None:
    """One person's events are taken out; the others are still sent, and no repeat is asked for."""
    write(70, 7, 9)
    emulated.emulator.set_faults({"html_503": 1.0})
    shell.send("in.jsonl", "--deadline", "0.1")
    assert "10 events" in shell("purge", "run.db", "--forget", "0").stdout
    emulated.emulator.set_faults({})
    result = shell.send("in.jsonl")
    assert result.exit_code == 1
    assert "Klaviyo may have recorded it, and it is not sent again" in result.stdout
    assert "run it again" not in result.stdout
    profiles = {event.profile["external_id"] for event in emulated.emulator.events()}
    assert profiles == {"1", "2", "3", "4", "5", "6"}
    requests = emulated.emulator.summary()["requests"]
    again = shell.send("in.jsonl")
    assert again.exit_code == 1
    assert "forgotten_in_flight" in again.stdout
    assert emulated.emulator.summary()["requests"] == requests


def people(count: int) -> None:
    """A file of records of three people in turn, one of whom has an address in two forms."""
    emails = ("Ada@shop.org", "bob@shop.org", "ada@shop.org", "cy@shop.org")
    records = [record(number, profile={"email": emails[number % 4]}) for number in range(count)]
    records[count - 2]["metric"] = ""
    text = b"\n".join(map(orjson.dumps, records))
    Path("in.jsonl").write_bytes(text + b'\n{"broken": "ada@SHOP.org\n')


@pytest.mark.parametrize("identifier", ["ada@shop.org", "ADA@shop.org"])
def test_forget_what_was_not_read_yet(shell: Shell, emulated: Running, identifier: str) -> None:
    """Nothing of the person goes out any more, and nothing of them is written down again."""
    people(4_000)
    shell.send("in.jsonl", "--limit", "400")
    before = emulated.emulator.summary()["accepted"]
    told = shell("purge", "run.db", "--forget", identifier).stdout
    assert "sends none that it has yet to read" in told
    first = shell.send("in.jsonl", "--rejects", "rejects.jsonl")
    assert first.exit_code == 1
    assert "forgotten  1,801" in first.stdout
    sent = emulated.emulator.events(limit=10_000)[before:]
    assert {event.profile["email"] for event in sent} == {"bob@shop.org", "cy@shop.org"}
    assert len(sent) == 1_800
    rejects = [orjson.loads(line) for line in Path("rejects.jsonl").read_bytes().splitlines()]
    assert len(rejects) == 1_801
    assert {problem["code"] for line in rejects for problem in line["problems"]} == {"forgotten"}
    assert all(line["record"] == {} for line in rejects)
    assert rejects[0]["origin"] == "in.jsonl:401"
    journal = b"".join(file.read_bytes() for file in Path().glob("run.db*")).lower()
    assert b"ada@shop.org" not in journal
    again = shell.send("in.jsonl", "--rejects", "rejects.jsonl")
    assert again.exit_code == 1
    assert "forgotten  1,801" in again.stdout


def test_forget_whoever_has_the_identifier(shell: Shell, emulated: Running) -> None:
    """Identifiers other than addresses are told by their case, and found in any field."""
    given = ({"id": "1"}, {"external_id": "a1"}, {"id": "A1"}, {"anonymous_id": "a1", "id": "2"})
    records = [record(number, profile=profile) for number, profile in enumerate(given)]
    Path("in.jsonl").write_bytes(b"\n".join(map(orjson.dumps, records)))
    shell.send("in.jsonl", "--limit", "1")
    shell("purge", "run.db", "--forget", "a1")
    assert shell.send("in.jsonl").exit_code == 1
    ids = {event.unique_id for event in emulated.emulator.events()}
    assert ids == {"order-0", "order-2"}


@pytest.mark.parametrize("command", ["status", "rejects", "purge"])
def test_no_such_journal(shell: Shell, command: str) -> None:
    """A journal that isn't there is named, and not made."""
    result = shell(command, "nothing.db")
    assert result.exit_code == 2
    assert "there is no journal nothing.db" in result.stderr
    assert not Path("nothing.db").exists()
