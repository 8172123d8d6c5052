"""What is never written over: what a command reads, a run keeps, or somebody made otherwise."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from klaviyo_bulk_events import KlaviyoBulkEvents
from klaviyo_bulk_events.emulator import Emulator, Running
from klaviyo_bulk_events.journal.files import Lock, all_of

from .conftest import KEY, PROGRAM, Shell

Line = Callable[..., str]
SEND = ("send", "in.jsonl", "--backfill", "--quiet")
OUTPUTS = ("--rejects", "--report")
OF_A_JOURNAL = (
    *("run.db", "run.db-lock", "run.db-bodies", "run.db-snapshot", "run.db-snapshot-half"),
    *("run.db-wal", "run.db-shm", "run.db-journal", "run.db-lock-journal", "run.db-places"),
)


def old_rejects(shell: Shell, line: Line, name: str = "old.jsonl") -> bytes:
    """A file of rejects of an earlier run; its content."""
    source = shell.write("broken.jsonl", line(metric=""))
    assert shell("check", source, "--backfill", "--rejects", name).exit_code == 1
    return (shell.folder / name).read_bytes()


def content(folder: Path) -> dict[str, bytes]:
    """All that is in a folder, but for what SQLite keeps while a database is open."""
    passing = ("-wal", "-shm", "-lock-journal")
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.endswith(passing)}


def in_use(shell: Shell) -> Callable[[], None]:
    shell(*SEND, "--journal", "run.db")
    return Lock(Path("run.db")).release


def purged(shell: Shell) -> Callable[[], None]:
    shell(*SEND, "--journal", "run.db")
    shell("purge", "run.db")
    return lambda: None


def of_another_run(shell: Shell) -> Callable[[], None]:
    shell(*SEND, "--journal", "run.db", "--unix-time")
    return lambda: None


def no_journal(shell: Shell) -> Callable[[], None]:
    shell.write("run.db", "metric,time\n")
    return lambda: None


def a_spool(shell: Shell) -> Callable[[], None]:
    with (
        KlaviyoBulkEvents(KEY, base_url=shell.environment["KLAVIYO_BASE_URL"]) as client,
        client.queue(backfill=True, spool="run.db"),
    ):
        pass
    return lambda: None


REFUSED = {
    in_use: "in use by another run",
    purged: "was purged: its run can't go on",
    of_another_run: "is that of another run",
    no_journal: "no journal",
    a_spool: "is no journal of this package",
}


@pytest.mark.parametrize("state", REFUSED, ids=lambda state: state.__name__)
def test_a_refused_command_changes_no_file(
    shell: Shell, line: Line, state: Callable[[Shell], Callable[[], None]]
) -> None:
    """The rejects of before are there as before, those of a run that goes on, too."""
    shell.write("in.jsonl", line())
    old_rejects(shell, line)
    free = state(shell)
    before = content(shell.folder)
    result = shell(*SEND, "--journal", "run.db", "--rejects", "old.jsonl")
    free()
    assert result.exit_code == 2
    assert REFUSED[state] in result.stderr
    assert content(shell.folder) == before


def test_what_is_piped_is_not_kept_beside_a_purged_journal(shell: Shell, line: Line) -> None:
    """Its run can't go on: personal data has no use there any more."""
    shell.write("in.jsonl", line())
    purged(shell)
    before = content(shell.folder)
    query = "select * from 'in.jsonl'"
    result = shell("send", "--backfill", "--sql", query, "--journal", "run.db")
    assert "was purged" in result.stderr
    assert content(shell.folder) == before


@pytest.mark.parametrize("accounts", [(), ("--accounts", "a.toml")])
@pytest.mark.parametrize("grace", ["inf", "nan", "1e300", "-1"])
def test_a_grace_time_that_no_clock_can_count(
    shell: Shell, line: Line, grace: str, accounts: tuple[str, ...]
) -> None:
    """It is wrong usage, of one account and of many, and nothing is touched for it."""
    shell.write("in.jsonl", line(account="a"))
    shell.write("a.toml", 'a = "file:a.key"')
    shell.write("a.key", KEY)
    old_rejects(shell, line)
    before = content(shell.folder)
    options = ("--grace", grace, "--rejects", "old.jsonl", *accounts)
    result = shell(*SEND, *options, *(() if accounts else ("--journal", "run.db")))
    assert result.exit_code == 2
    assert "grace" in result.stderr
    assert content(shell.folder) == before


@pytest.mark.parametrize("target", [(), ("old.jsonl",)])
def test_the_rejects_of_a_purged_journal(shell: Shell, line: Line, target: tuple[str]) -> None:
    """They are gone, and what is said so of is no reason to empty the only copy."""
    shell.write("in.jsonl", line())
    old = old_rejects(shell, line)
    purged(shell)
    result = shell("rejects", "run.db", *target)
    assert result.exit_code == 2
    assert "run.db was purged: its rejects are gone" in result.stderr
    assert (shell.folder / "old.jsonl").read_bytes() == old


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("name", OF_A_JOURNAL)
@pytest.mark.parametrize("command", ["rejects", "report"])
def test_a_journal_is_not_written_over_by_what_it_tells(
    shell: Shell, line: Line, command: str, name: str, is_there: bool
) -> None:
    """Neither it nor a file beside it, whether that is there just now or not."""
    shell.write("in.jsonl", line(metric=""))
    shell(*SEND, "--journal", "run.db")
    if is_there and not Path(name).exists():
        shell.write(name, "")
    before = content(shell.folder)
    target = (f"./{name}",) if command == "rejects" else ("--output", f"./{name}")
    result = shell(command, "run.db", *target)
    assert result.exit_code == 2
    assert "name another file" in result.stderr
    assert f"{name} is a file of the journal run.db" in result.stderr or name == "run.db"
    assert content(shell.folder) == before


@pytest.mark.parametrize("option", OUTPUTS)
@pytest.mark.parametrize("name", OF_A_JOURNAL)
def test_a_run_does_not_write_over_its_journal(
    shell: Shell, line: Line, emulator: Emulator, name: str, option: str
) -> None:
    """Before anything is read: what is piped in is still to be had."""
    shell.write("in.jsonl", line())
    result = shell(*SEND, "--journal", "run.db", option, name)
    assert result.exit_code == 2
    assert f"{option} and --journal can't both be written to {name}" in result.stderr
    assert content(shell.folder).keys() == {"in.jsonl"}
    assert emulator.summary()["requests"] == 0


def test_every_file_of_a_journal_is_known(tmp_path: Path) -> None:
    """Those of SQLite stand beside what a link leads to."""
    assert {path.name for path in all_of(Path("run.db"))} == set(OF_A_JOURNAL)
    (tmp_path / "link").symlink_to("run.db")
    assert (tmp_path / "run.db-wal").resolve() in all_of(tmp_path / "link")


@pytest.mark.parametrize("option", OUTPUTS)
def test_a_shared_limiter_is_not_written_over(shell: Shell, line: Line, option: str) -> None:
    """Others count on it."""
    shell.write("in.jsonl", line())
    options = ("--limiter", "sqlite:///shared.db", "--account", "a")
    result = shell(*SEND, *options, option, "shared.db")
    assert f"{option} and --limiter can't both be written to shared.db" in result.stderr
    assert not Path("shared.db").exists()


READ = {
    "key": ("in.jsonl", "--api-key-file", "key"),
    "map.toml": ("in.csv", "--map-file", "map.toml"),
    "a.toml": ("in.jsonl", "--accounts", "a.toml"),
    "a.key": ("in.jsonl", "--accounts", "a.toml"),
    "shop.duckdb": ("--attach", "shop.duckdb", "--sql", "select * from shop.orders"),
    "p.parquet": ("--sql", "select * from 'p.parquet'"),
    "rejects.jsonl": ("--sql", "select record.* from rejects.jsonl"),
    "rejects-2.jsonl": ("--sql", "select record.* from read_json(['rejects-?.jsonl'])"),
}


@pytest.fixture
def read(shell: Shell, line: Line) -> Shell:
    """A shell in a folder with everything that a run can read."""
    shell.write("in.jsonl", line())
    shell.write("in.csv", "M,time,profile.email\nA,20260102T00Z,ada@shop.org\n")
    shell.write("key", KEY)
    shell.write("map.toml", 'M = "metric"')
    shell.write("a.toml", 'a = "file:a.key"')
    shell.write("a.key", KEY)
    with duckdb.connect("shop.duckdb") as database:
        database.execute("create table orders as select 'A' as metric")
        database.execute("copy orders to 'p.parquet'")
    for name in ("rejects.jsonl", "rejects-2.jsonl"):
        old_rejects(shell, line, name)
    return shell


@pytest.mark.parametrize("option", OUTPUTS)
@pytest.mark.parametrize("name", READ)
def test_what_is_read_is_not_written_over(read: Shell, name: str, option: str) -> None:
    """A slip costs nobody their key, their columns or their orders; a link to them neither."""
    (read.folder / "link").symlink_to(name)
    before = content(read.folder)
    for path in (name, "link"):
        result = read("send", "--backfill", *READ[name], option, path)
        assert result.exit_code == 2
        assert f"{option} would overwrite" in result.stderr
        assert name in result.stderr
        assert "which is being read" in result.stderr
    assert content(read.folder) == before


@pytest.mark.parametrize("command", ["send", "check"])
def test_standard_input_is_not_written_over(
    shell: Shell, line: Line, environment: dict[str, str], command: str
) -> None:
    """A file that comes in by it is read like any other."""
    old = old_rejects(shell, line)
    with (shell.folder / "old.jsonl").open() as file:
        done = subprocess.run(
            (*PROGRAM, command, "-", "--backfill", "--rejects", "old.jsonl"),
            stdin=file,
            env=environment,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 2
    assert "--rejects would overwrite old.jsonl, which is being read" in done.stderr
    assert (shell.folder / "old.jsonl").read_bytes() == old


@pytest.mark.parametrize(
    "content",
    [
        b"metric,time\n",
        b"PAR1\x00",
        b'{"metric": "A", "profile": {"email": "ada@shop.org"}}\n',
        b'{"origin": "a"}\n',
    ],
)
@pytest.mark.parametrize("command", ["send", "check", "rejects"])
def test_only_rejects_are_written_over(
    shell: Shell, line: Line, emulator: Emulator, command: str, content: bytes
) -> None:
    """The command says so before anything is sent, and how to mend it."""
    shell.write("in.jsonl", line())
    shell(*SEND, "--journal", "run.db")
    requests = emulator.summary()["requests"]
    shell.write("mine", content)
    result = {
        "send": lambda: shell(*SEND, "--rejects", "mine"),
        "check": lambda: shell("check", "in.jsonl", "--backfill", "--rejects", "mine"),
        "rejects": lambda: shell("rejects", "run.db", "mine"),
    }[command]()
    assert result.exit_code == 2
    assert "mine is there and is no file of rejects: name another file" in result.stderr
    assert (shell.folder / "mine").read_bytes() == content
    assert emulator.summary()["requests"] == requests


@pytest.mark.parametrize("origin", ["in.jsonl", 'a "b"\\ü.jsonl'])
@pytest.mark.parametrize("kept", [1_000_000, 300, 0])
def test_rejects_are_written_over(shell: Shell, line: Line, origin: str, kept: int) -> None:
    """Also those of a run that was killed, whose last line, or first, has no end."""
    shell.write(origin, line(metric="", properties={"a": "x" * 1_000}))
    command = ("check", origin, "--backfill", "--rejects", "out.jsonl")
    assert shell(*command).exit_code == 1
    whole = (shell.folder / "out.jsonl").read_bytes()
    shell.write("out.jsonl", whole[:kept])
    assert shell(*command).exit_code == 1
    assert (shell.folder / "out.jsonl").read_bytes() == whole
    assert json.loads(whole)["status"] == "rejected"


def test_a_run_that_was_killed_goes_on_with_its_rejects(
    shell: Shell, line: Line, served: Running
) -> None:
    """The same command again has them all, of its first session, too."""
    shell.write("in.jsonl", line(metric="") + "\n" + line(unique_id="2"))
    command = (*SEND, "--journal", "run.db", "--rejects", "rejects.jsonl")
    served.emulator.set_faults({"html_503": 1.0})
    assert shell(*command, "--deadline", "0.1").exit_code == 3
    assert len(Path("rejects.jsonl").read_text().splitlines()) == 2
    served.emulator.set_faults({})
    assert shell(*command).exit_code == 1
    (left,) = Path("rejects.jsonl").read_text().splitlines()
    assert json.loads(left)["status"] == "rejected"
