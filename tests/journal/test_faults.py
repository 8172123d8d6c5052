"""What can be wrong with a journal, each with its clear outcome."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events import Intake, KlaviyoBulkEvents, Report
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal import FileJournal
from klaviyo_bulk_events.journal.bodies import Bodies
from klaviyo_bulk_events.journal.files import Lock, is_locked, mapped, written
from klaviyo_bulk_events.journal.store import SCHEMA, Store

from .conftest import KEY

Records = Callable[[int], list[dict[str, Any]]]
Send = Callable[..., Report]
ASK = """
import pathlib, sys
from klaviyo_bulk_events.journal.files import is_locked
print(is_locked(pathlib.Path(sys.argv[1])))
"""


@pytest.fixture
def send(emulated: Running) -> Send:
    """Send with this journal."""

    def send(
        events: Any,
        journal: Any,
        *,
        key: str = KEY,
        backfill: bool = True,
        intake: Intake | None = None,
        **settings: Any,
    ) -> Report:
        settings = {"base_url": emulated.url, "rates": ["1000/s"], **settings}
        with KlaviyoBulkEvents(key, **settings) as klaviyo:
            return klaviyo.send(events, backfill=backfill, intake=intake, journal=journal)

    return send


def test_in_use(send: Send, emulated: Running, records: Records, path: Path) -> None:
    """A second run on a journal is told so, and sends nothing."""
    with KlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
        run = klaviyo.stream(records(10), backfill=True, journal=path)
        with pytest.raises(JournalError, match="in use by another run"):
            send(records(10), path)
        assert emulated.emulator.summary()["requests"] == 0
        assert run.finish().accepted == 10


def test_closed_before_it_began(emulated: Running, records: Records, path: Path) -> None:
    """A run of which nothing was asked lets go of its journal, and of the limiter, too."""
    with KlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
        run = klaviyo.stream(records(10), backfill=True, journal=path)
        run.close()
        run.close()
        assert run.report().submitted == 0
        assert klaviyo.send(records(10), backfill=True, journal=path).accepted == 10


def test_in_use_whoever_asks(path: Path) -> None:
    """Another process is refused, also when the run's own process has asked for its standing."""
    lock = Lock(path)
    assert is_locked(path)
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(path)], capture_output=True, check=True, text=True
    )
    lock.release()
    assert asked.stdout == "True\n"


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"key": "pk_another_key_of_another_account"}, "the account"),
        ({"base_url": "http://localhost:1"}, "the endpoint's host"),
        ({"backfill": False}, "backfill"),
        ({"intake": Intake(nulls=True)}, r"nulls \(was False, is True\)"),
    ],
)
def test_of_another_run(
    send: Send, records: Records, path: Path, other: dict[str, Any], named: str
) -> None:
    """What differs is named, and no key is shown."""
    send(records(10), path)
    with pytest.raises(JournalError, match=named) as raised:
        send(records(10), path, **other)
    assert "pk_" not in str(raised.value)


def test_of_another_source(send: Send, records: Records, path: Path) -> None:
    """Whoever names the source is told that it is another."""
    send(records(10), FileJournal(path, {"files": ["a.csv"]}))
    with pytest.raises(JournalError, match=r"files \(was \['a.csv'\], is \['b.csv'\]\)"):
        send(records(10), FileJournal(path, {"files": ["b.csv"]}))


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 5000]
)
def test_no_journal(send: Send, records: Records, path: Path, content: bytes) -> None:
    """A file that is something else is left as it is."""
    path.write_bytes(content)
    with pytest.raises(JournalError, match="damaged, or no journal"):
        send(records(10), path)
    assert path.read_bytes() == content


def test_a_database_of_something_else(send: Send, records: Records, path: Path) -> None:
    """Another program's database is not touched."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs(a)")
    connection.close()
    with pytest.raises(JournalError, match="no journal of this package"):
        send(records(10), path)


def test_of_a_newer_version(send: Send, records: Records, path: Path) -> None:
    """A journal with a newer schema is not guessed at."""
    send(records(10), path)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA + 1}")
    connection.close()
    with pytest.raises(JournalError, match="newer version"):
        send(records(10), path)


@pytest.mark.parametrize("part", ["run.db", "run.db-bodies"])
def test_damaged(send: Send, emulated: Running, records: Records, path: Path, part: str) -> None:
    """Bytes that changed on disk are found before anything of them is sent."""
    emulated.emulator.set_faults({"html_503": 1.0})
    send(records(3_000), path, deadline=0.2)
    file = path.with_name(part)
    content = file.read_bytes()
    file.write_bytes(
        content[:4_096] + content[4_096:].replace(b"o", b"0").replace(b"\x0d", b"\x05")
    )
    emulated.emulator.set_faults({})
    emulated.emulator.reset()
    with pytest.raises(JournalError, match="damaged"):
        send(records(3_000), path)
    assert emulated.emulator.summary()["requests"] == 0


@pytest.mark.parametrize("fails", ["bodies", "database"])
def test_a_full_disk(
    send: Send,
    emulated: Running,
    records: Records,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
) -> None:
    """What can't be remembered is not sent; once there is room, the run goes on."""
    room = 2

    def full(*_: Any) -> None:
        nonlocal room
        room -= 1
        if room < 0:
            raise OSError(28, "No space left on device")

    def write(self: Bodies, number: int, *data: bytes) -> Any:
        full()
        return real_write(self, number, *data)

    def put(self: Store, statement: str, values: Any = ()) -> None:
        nonlocal room
        if statement.startswith("INSERT OR REPLACE INTO chunks"):
            room -= 1
            if room < 0:
                raise sqlite3.OperationalError("database or disk is full")
        real_execute(self, statement, values)

    real_write, real_execute = Bodies._put, Store.execute
    if fails == "bodies":
        monkeypatch.setattr(Bodies, "_put", write)
    else:
        monkeypatch.setattr(Store, "execute", put)
    with pytest.raises(JournalError, match=r"(No space left|disk is full)"):
        send(records(6_000), path, max_in_flight=1)
    monkeypatch.undo()
    assert emulated.emulator.summary()["accepted"] < 6_000
    report = send(records(6_000), path)
    assert (report.submitted, report.accepted + report.duplicate) == (6_000, 6_000)
    assert emulated.emulator.summary()["accepted"] == 6_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_no_room_to_map() -> None:
    """What is mapped is on disk first: where there is no room a hole would end the process."""
    with (
        open("/dev/full", "r+b", buffering=0) as file,
        pytest.raises(JournalError, match=r"run\.db can't be written: No space left"),
        written(Path("run.db")),
    ):
        mapped(file, 4_096)


def test_where_nothing_can_be_written(send: Send, records: Records, tmp_path: Path) -> None:
    """A folder that isn't there is named before anything is sent."""
    with pytest.raises(JournalError, match="can't be written: No such file"):
        send(records(10), tmp_path / "nowhere" / "run.db")
