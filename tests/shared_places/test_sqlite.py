"""Places in SQLite: the clocks, the file, and forks."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from klaviyo_bulk_events.errors import LimiterError
from klaviyo_bulk_events.limiter import Limiter, Place
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.shared_places.line import SEAT_SECONDS
from klaviyo_bulk_events.shared_places.sqlite import SQLitePlaces, path_of
from tests.shared_places.conftest import opened

WINDOW, LEASE = 10.0, 60.0


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def places(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., SQLitePlaces]]:
    """Places of one more process, on a host that was started under this name."""
    made: list[SQLitePlaces] = []

    def make(boot: str | None = "one") -> SQLitePlaces:
        rates = [Rate(1, WINDOW)]
        path = tmp_path / "limiter.db"
        made.append(SQLitePlaces(path, "account", rates, LEASE, clock, lambda: boot))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize(
    ("boot", "now"),
    [("two", 1_003.0), ("two", 5.0), ("one", 5.0), (None, 5.0)],
    ids=["later", "earlier", "same boot, earlier", "unknown boot, earlier"],
)
def test_a_restart_of_the_host_lets_nothing_through(
    places: Callable[..., SQLitePlaces], clock: Clock, boot: str | None, now: float
) -> None:
    """The monotonic clock starts anew: what was held counts as if it were taken now."""
    first = places("one" if boot else None)
    assert first.ask("a") == 0.0
    clock.now = now
    after = places(boot)
    clock.now += LEASE + WINDOW - 1.0
    assert after.ask("b") > 0.0
    clock.now += LEASE + WINDOW
    assert after.ask("b") == 0.0


def test_a_pause_survives_a_restart(places: Callable[..., SQLitePlaces], clock: Clock) -> None:
    """What was left of it is waited for."""
    places("one").pause(30.0)
    clock.now = 7.0
    assert places("two").ask("a") == pytest.approx(30.0)


@pytest.mark.parametrize("wall", [0.0, 4e9], ids=["back", "ahead"])
def test_a_step_of_the_wall_clock_lets_nothing_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wall: float
) -> None:
    """Times are those of the host's monotonic clock, unless another is given."""
    one, other = (
        opened(SQLitePlaces(tmp_path / "limiter.db", "account", [Rate(1, WINDOW)], LEASE))
        for _ in range(2)
    )
    assert one.ask("a") == 0.0
    one.answered("a", None)
    monkeypatch.setattr("time.time", lambda: wall)
    assert other.ask("b") == pytest.approx(WINDOW, abs=5.0)


def test_a_removed_file_grants_nothing(tmp_path: Path) -> None:
    """Others may have made a new one: who goes on with the old one says so."""
    path = tmp_path / "limiter.db"
    places = opened(SQLitePlaces(path, "account", [Rate(5, WINDOW)], LEASE))
    assert places.ask("a") == 0.0
    path.unlink()
    with pytest.raises(LimiterError, match="removed") as raised:
        places.ask("b")
    assert raised.value.is_final


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""], ids=["text", "empty"])
def test_what_is_no_limiter(tmp_path: Path, content: bytes) -> None:
    """A file of something else is left alone; an empty one is taken."""
    path = tmp_path / "limiter.db"
    path.write_bytes(content)
    places = SQLitePlaces(path, "account", [Rate(1, 1.0)], LEASE)
    if content:
        with pytest.raises(LimiterError, match=r"limiter\.db"):
            places.ask("a")
    else:
        assert places.ask("a") == 0.0
    places.close()


def test_another_program_s_database(tmp_path: Path) -> None:
    """Its tables are not mixed with ours."""
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE orders(number)")
    connection.close()
    places = SQLitePlaces(path, "account", [Rate(1, 1.0)], LEASE)
    with pytest.raises(LimiterError, match="name another file"):
        places.ask("a")


def test_no_such_folder(tmp_path: Path) -> None:
    """It is said where the file can't be."""
    places = SQLitePlaces(tmp_path / "none" / "limiter.db", "account", [Rate(1, 1.0)], LEASE)
    with pytest.raises(LimiterError, match="none"):
        places.ask("a")


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:////var/run/x.db", "/var/run/x.db"), ("sqlite:///x.db", f"{os.getcwd()}/x.db")],
)
def test_the_url(url: str, path: str) -> None:
    """As SQLAlchemy writes them: three slashes before a relative path, four from the root."""
    assert path_of(url) == Path(path)


def test_a_child_s_places_outlive_the_parent(places: Callable[..., SQLitePlaces]) -> None:
    """Whoever closes the file last takes its log along: that must not be one who only forked."""
    parent = places()
    parent.leave("nobody")  # which opens the file
    here, there = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        taken = parent.ask("the child's")
        os.write(there[1], b"x")
        os.read(here[0], 1)
        os._exit(0 if taken == 0.0 else 1)
    os.read(there[0], 1)
    parent.close()
    assert places().ask("another's") > 0.0
    os.write(here[1], b"x")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_fork(places: Callable[..., SQLitePlaces], clock: Clock) -> None:
    """A child opens the file anew and stands in line like any process, whatever was locked."""
    limiter = Limiter(places(), clock)
    held = limiter.ask(limiter.join(lambda: None))
    assert isinstance(held, Place)
    inside, leave = threading.Event(), threading.Event()

    def hold_the_locks() -> None:
        with limiter._lock:
            inside.set()
            leave.wait(10.0)

    holder = threading.Thread(target=hold_the_locks)
    holder.start()
    assert inside.wait(10.0)
    child = os.fork()
    if child == 0:
        waits = limiter.ask(limiter.join(lambda: None))
        os._exit(0 if isinstance(waits, float) and waits > 0 else 1)
    leave.set()
    holder.join(10.0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    limiter.unused(held)
    clock.now += SEAT_SECONDS  # the child died in the line
    assert isinstance(limiter.ask(limiter.join(lambda: None)), Place)
