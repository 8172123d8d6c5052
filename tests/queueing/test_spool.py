"""What a spool keeps, and for whom."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from klaviyo_bulk_events import (
    ConfigurationError,
    Intake,
    KlaviyoBulkEvents,
    Outcome,
    SpoolError,
    Status,
)
from klaviyo_bulk_events.emulator import Running

from .conftest import KEY, Connect, environment, eventually, held, ids, record

PUTTING = """
from klaviyo_bulk_events import KlaviyoBulkEvents
import sys
first, count = map(int, sys.argv[1:3])
queue = KlaviyoBulkEvents(rates=["1000/s"], timeout=5).queue(
    backfill=False, spool="spool.db", max_age=float(sys.argv[3]), retry_after=0.1, exit_timeout=20
)
for number in range(first, first + count):
    queue.put({
        "metric": "Viewed Product",
        "profile": {"external_id": "1"},
        "properties": {"number": number},
        "unique_id": f"view-{number}",
    })
    print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@contextmanager
def process(
    url: str, folder: Path, first: int, count: int, age: float = 60, end: str = ""
) -> Iterator["subprocess.Popen[str]"]:
    """A process that puts events and says so, and then does this."""
    with subprocess.Popen(
        [sys.executable, "-c", PUTTING + textwrap.dedent(end), str(first), str(count), str(age)],
        env=environment(url),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def test_killed_and_delivered_by_another(connect: Connect, emulated: Running, path: Path) -> None:
    """What `put` took before a kill -9 is sent by the next process, in its order."""
    with process(emulated.url, path.parent, 0, 100, end="input()") as putting:
        assert putting.stdout is not None
        for _ in range(100):
            putting.stdout.readline()
        putting.send_signal(signal.SIGKILL)
    assert emulated.emulator.summary()["requests"] == 0
    queue = connect(spool=path)
    assert queue.stats().waiting == 100
    assert queue.flush(10)
    numbers = [event.properties["number"] for event in emulated.emulator.events()]
    assert numbers == list(range(100))


def test_in_flight_when_killed(connect: Connect, emulated: Running, path: Path) -> None:
    """The same request goes again; what it brought before is called a duplicate, and is there once.

    What came meanwhile goes in requests after it.
    """
    emulated.emulator.inject("silence", 1)
    with process(emulated.url, path.parent, 0, 3, age=0.01, end="input()") as putting:
        assert eventually(lambda: emulated.emulator.summary()["requests"] == 1)
        assert eventually(lambda: sent(path) > 0)
        first = sent(path)
        putting.send_signal(signal.SIGKILL)
    told: list[Outcome] = []
    before = len(held(emulated))
    queue = connect(spool=path, on_outcome=told.append)
    queue.put(record(100))
    assert queue.flush(10)
    assert held(emulated) == ids(3) + ids(1, 100)
    statuses = {o.unique_id: o.status for o in told}
    assert statuses["view-100"] is Status.ACCEPTED
    expected = Status.DUPLICATE if before else Status.ACCEPTED
    assert statuses["view-0"] is expected
    assert emulated.emulator.requests()[1].accepted == (0 if before else first)


def sent(path: Path) -> int:
    """The number up to which events may have been sent."""
    with sqlite3.connect(path) as connection:
        (number,) = connection.execute("SELECT value FROM about WHERE name = 'sent'").fetchone()
    connection.close()
    return int(number)


def test_without_an_id_when_killed(connect: Connect, emulated: Running, path: Path) -> None:
    """What may have been sent and can't be told from a second one is unknown, and not sent."""
    intake = Intake(derive_unique_id=False)
    first = connect(spool=path, intake=intake, max_age=60)
    for number in range(3):
        first.put(record(number, unique_id=None, metric=f"Metric {number}"))
    first.close(0)
    mark(path, 2)
    told: list[Outcome] = []
    queue = connect(spool=path, intake=intake, on_outcome=told.append)
    assert queue.flush(10)
    statuses = [outcome.status for outcome in told]
    assert statuses == [Status.UNKNOWN, Status.UNKNOWN, Status.ACCEPTED]
    assert len(emulated.emulator.events()) == 1


def test_more_in_doubt_than_a_request(connect: Connect, emulated: Running, path: Path) -> None:
    """With smaller requests than before, all of what may have been sent stays in doubt."""
    intake = Intake(derive_unique_id=False)
    first = connect(spool=path, intake=intake, max_age=60)
    for number in range(5):
        first.put(record(number, unique_id=None, metric=f"Metric {number}"))
    first.close(0)
    mark(path, 5)
    queue = connect(spool=path, intake=intake, batch_events=2)
    assert queue.flush(10)
    assert queue.stats().unknown == 5
    assert emulated.emulator.summary()["requests"] == 0


def mark(path: Path, number: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET value = ? WHERE name = 'sent'", (number,))
    connection.close()


@pytest.mark.parametrize("pointers", ["exact", "nothing"])
def test_poison_in_doubt(connect: Connect, emulated: Running, path: Path, pointers: str) -> None:
    """A refused event among those that may have been sent is found, and the others get in."""
    from attrs import evolve

    settings = emulated.emulator.settings
    emulated.emulator.settings = evolve(settings, pointers=pointers)
    first = connect(spool=path, max_age=60)
    for number in range(100):
        first.put(record(number))
    first.close(0)
    mark(path, 100)
    emulated.emulator.refuse(lambda event: event.properties["number"] in (7, 70))
    queue = connect(spool=path)
    assert queue.flush(20)
    emulated.emulator.refuse(None)
    emulated.emulator.settings = settings
    assert queue.stats().rejected == 2
    assert held(emulated) == ids(100) - ids(1, 7) - ids(1, 70)


def test_one_sends_for_all(connect: Connect, emulated: Running, path: Path) -> None:
    """Of processes that share a spool one sends what all put; when it is killed, another does."""
    with (
        process(emulated.url, path.parent, 0, 1, age=0.05, end="input()") as leader,
        process(emulated.url, path.parent, 100, 1, age=0.05, end="input()") as other,
    ):
        assert eventually(lambda: held(emulated) == ids(1) + ids(1, 100))
        with process(emulated.url, path.parent, 200, 5, age=0.05):
            assert eventually(lambda: ids(5, 200) <= held(emulated))
        victim = leader if holds_lock(leader.pid, path) else other
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        with process(emulated.url, path.parent, 300, 5, age=0.05):
            assert eventually(lambda: ids(5, 300) <= held(emulated))
    assert set(held(emulated).values()) == {1}


def holds_lock(pid: int, path: Path) -> bool:
    locks = Path("/proc/locks")
    inode = (path.parent / "spool.db-lock").stat().st_ino
    held = (line for line in locks.read_text().splitlines() if f":{inode} " in line)
    return any(str(pid) in line.split() for line in held)


def test_another_connection(connect: Connect, emulated: Running, path: Path) -> None:
    """A sender whose connection was closed for a fork still sees what others put meanwhile."""
    queue = connect(spool=path, max_age=0.01)
    queue.put(record(0))
    assert queue.flush(10)
    database = queue._backlog._sending  # type: ignore[attr-defined]
    database._before_fork()
    database._after_fork()
    time.sleep(0.5)  # it looks, with a new connection
    database._before_fork()
    with process(emulated.url, path.parent, 100, 1, end="input()") as putting:
        assert putting.stdout is not None
        putting.stdout.readline()
        database._after_fork()
        assert eventually(lambda: queue.stats().waiting == 0, 5)


def test_a_whole_outage(connect: Connect, emulated: Running, path: Path) -> None:
    """Nothing is given up while the API is away; then everything arrives once, in order."""
    emulated.emulator.set_faults({"html_503_after": 0.5, "reset_before": 0.5})
    queue = connect(spool=path, max_age=0.01, batch_events=50)
    for number in range(500):
        queue.put(record(number, profile={"external_id": "1"}))
        time.sleep(0.001)
    assert not queue.close(0.1)
    emulated.emulator.set_faults({})
    again = connect(spool=path)
    assert again.flush(20)
    assert held(emulated) == ids(500)
    numbers = [event.properties["number"] for event in emulated.emulator.events()]
    assert numbers == sorted(numbers)


def test_private(connect: Connect, emulated: Running, path: Path) -> None:
    """Only their owner may read its files, whatever the umask; no key is in them.

    What was sent is not in them any more.
    """
    before = os.umask(0)
    try:
        queue = connect(spool=path, max_age=60)
        queue.put(record(1, properties={"secret": "fox-glove"}))
        files = list(path.parent.iterdir())
        assert len(files) >= 2
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        everything = b"".join(file.read_bytes() for file in files)
        assert b"fox-glove" in everything
        assert KEY.encode() not in everything
    finally:
        os.umask(before)
    assert queue.flush(10)
    assert eventually(
        lambda: b"fox-glove" not in b"".join(f.read_bytes() for f in path.parent.iterdir())
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"no database" * 500, "damaged, or no spool"), (b"SQLite format 3\0" * 300, "damaged")],
)
def test_no_spool(connect: Connect, path: Path, content: bytes, says: str) -> None:
    """A file that is none is left as it is, and the error says so."""
    path.write_bytes(content)
    with pytest.raises(SpoolError, match=says):
        connect(spool=path)
    assert path.read_bytes() == content


def test_another_database(connect: Connect, path: Path) -> None:
    """A database of somebody else's is left alone, a spool of a newer version, too."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs(x)")
    with pytest.raises(SpoolError, match="no spool of this package"):
        connect(spool=path)
    connection.close()
    newer = path.with_name("newer.db")
    connect(spool=newer).close()
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(SpoolError, match="newer version"):
        connect(spool=newer)


def test_a_journal_is_no_spool(connect: Connect, emulated: Running, path: Path) -> None:
    """And a spool is no journal."""
    with KlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
        klaviyo.send([record(1, time="2026-01-01T00:00:00Z")], backfill=True, journal=path)
    with pytest.raises(SpoolError, match="no spool"):
        connect(spool=path)


def test_another_account(connect: Connect, path: Path) -> None:
    """The events of one account never go to another."""
    connect(spool=path).close()
    with pytest.raises(SpoolError, match="another account"):
        connect(key="pk_another", spool=path)
    with pytest.raises(SpoolError, match=r"for 127\.0\.0\.1.* not for a\.klaviyo\.com"):
        KlaviyoBulkEvents(KEY, base_url="https://a.klaviyo.com").queue(backfill=True, spool=path)


def test_no_folder(connect: Connect, path: Path) -> None:
    """A path that can't be is an error at once."""
    with pytest.raises(SpoolError, match="can't be written"):
        connect(spool=path / "below" / "spool.db")


def test_damaged_while_it_is_used(
    connect: Connect, emulated: Running, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A row that is no event any more is an error that is logged, and nothing wrong is sent."""
    queue = connect(spool=path, max_age=60)
    queue.put(record(1))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE events SET data = x'00'")
    connection.close()
    assert not queue.flush(0.5)
    assert any("damaged" in line for line in caplog.messages)
    assert emulated.emulator.summary()["requests"] == 0


def test_closed_where_nothing_can_be_read(connect: Connect, path: Path) -> None:
    """What closing can't find out it raises, and is closed all the same."""
    queue = connect(spool=path, max_age=60)
    queue.put(record(0))
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE events")
    connection.close()
    with pytest.raises(SpoolError):
        queue.close(0.1)
    queue.close()
    with pytest.raises(ConfigurationError, match="closed"):
        queue.put(record(1))


def test_a_full_disk(connect: Connect, emulated: Running, path: Path) -> None:
    """Put raises what can't be kept; what is kept is still sent."""
    queue = connect(spool=path, max_age=60)
    queue.put(record(0))
    with queue._backlog._putting.use() as connection:  # type: ignore[attr-defined]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 2}")
    taken = 1
    with suppress(SpoolError):
        for number in range(1, 1_000):
            queue.put(record(number, properties={"text": "x" * 3_000}))
            taken += 1
    with pytest.raises(SpoolError, match="full"):
        queue.put(record(taken, properties={"text": "x" * 3_000}))
    assert 1 < taken < 1_000
    assert queue.stats().put == queue.stats().waiting == taken
    assert queue.flush(10)
    assert held(emulated) == ids(taken)


def test_deleted_by_somebody(connect: Connect, emulated: Running, path: Path) -> None:
    """What is taken out of a spool behind the sender's back is not sent."""
    queue = connect(spool=path, max_age=60)
    for number in range(10):
        queue.put(record(number))
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM events WHERE number = 4")
    connection.close()
    assert queue.flush(10)
    assert held(emulated) == ids(10) - ids(1, 3)
