"""A resumed run keeps to what the dead one used up of the limits."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal import mapped_note
from klaviyo_bulk_events.journal.mapped_note import MappedNote
from klaviyo_bulk_events.journal.places import Places
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.limiter import Limiter, Place
from klaviyo_bulk_events.places import MemoryPlaces
from klaviyo_bulk_events.rates import Rate

WINDOW, LEASE = 10.0, 60.0


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


OPENED: list[Store] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test opened: runs that died leave their journals as they are."""
    yield
    while OPENED:
        OPENED.pop().close()


def limiter(path: Path, clock: Clock, boot: str | None = "one") -> Limiter:
    """One request in 10 seconds, remembered in a journal."""

    def fail(error: JournalError) -> None:
        raise error

    made = Limiter(MemoryPlaces([Rate(1, WINDOW)], LEASE, clock), clock)
    store = Store(path)
    OPENED.append(store)
    made.attach(Places(store, fail, clock, lambda: boot))
    return made


def ask(limiter: Limiter) -> Place | float | None:
    return limiter.ask(limiter.join(lambda: None))


@pytest.mark.parametrize(
    ("boot", "now", "wait"),
    [
        ("one", 103.0, LEASE + WINDOW - 3.0),
        ("two", 103.0, LEASE + WINDOW),
        ("two", 5.0, LEASE + WINDOW),
        ("one", 5.0, LEASE + WINDOW),
        (None, 103.0, LEASE + WINDOW),
    ],
)
def test_a_request_without_an_answer(path: Path, boot: str | None, now: float, wait: float) -> None:
    """It holds its place for its whole lease, under another start of the host from now on."""
    assert isinstance(ask(limiter(path, Clock(100.0))), Place)
    assert ask(limiter(path, Clock(now), boot)) == pytest.approx(wait)


def test_a_pause_goes_on(path: Path) -> None:
    """What Klaviyo asked of everybody is not forgotten."""
    limiter(path, Clock(100.0)).pause(30.0)
    assert ask(limiter(path, Clock(110.0))) == pytest.approx(20.0)


MANY = 5_000


def many(path: Path, clock: Clock) -> Limiter:
    """More requests at a time than the note beside the journal has room for."""
    made = Limiter(MemoryPlaces([Rate(MANY, WINDOW)], LEASE, clock), clock)
    OPENED.append(Store(path))
    made.attach(Places(OPENED[-1], pytest.fail, clock, lambda: "one"))
    return made


def test_more_places_than_a_note_holds(path: Path) -> None:
    """All of them are kept."""
    clock = Clock(100.123456789)
    before = many(path, clock)
    assert all(isinstance(ask(before), Place) for _ in range(MANY))
    assert not isinstance(ask(many(path, clock)), Place)


def granted_and_kept(path: Path, clock: Clock, *, answered: bool) -> None:
    """A place is taken, and the journal itself has what is held then."""
    store = Store(path)
    OPENED.append(store)
    made = Limiter(MemoryPlaces([Rate(1, WINDOW)], LEASE, clock), clock)
    places = Places(store, pytest.fail, clock, lambda: "one")
    made.attach(places)
    place = ask(made)
    assert isinstance(place, Place)
    if answered:
        made.answered(place)
    with store.writing():
        store.put(**places.latest())


@pytest.mark.parametrize("torn", [b"", b"\0" * 9, b"\xff" * 40, b"\1\0\0\0\2\0\0\0\0\0\0\0{}"])
def test_what_the_end_of_the_host_left(path: Path, torn: bytes) -> None:
    """A note that nobody can read counts as none; what the journal itself has still counts."""
    clock = Clock(100.0)
    granted_and_kept(path, clock, answered=False)
    path.with_name("run.db-places").write_bytes(torn)
    assert ask(limiter(path, clock, "two")) == pytest.approx(LEASE + WINDOW)


def test_the_later_state_counts(path: Path) -> None:
    """Whichever of the two has it: a note may be older than the journal, after the host's end."""
    clock = Clock(100.0)
    granted_and_kept(path, clock, answered=True)
    assert ask(limiter(path, clock)) == pytest.approx(WINDOW)


def test_a_note_of_another_journal(path: Path) -> None:
    """One that was left when its journal was deleted says nothing of the next one."""
    assert isinstance(ask(limiter(path, Clock(100.0))), Place)
    closed_and_deleted = OPENED.pop()
    closed_and_deleted.close()
    path.unlink()
    assert isinstance(ask(limiter(path, Clock(101.0))), Place)


@given(
    notes=st.lists(st.binary(max_size=100), max_size=5),
    torn=st.binary(min_size=1, max_size=200),
    at=st.integers(0, 100),
)
def test_a_note_is_whole_whenever_it_ends(notes: list[bytes], torn: bytes, at: int) -> None:
    """What ends while it is written, anyhow, leaves what was written before."""
    with tempfile.TemporaryDirectory() as folder:
        note = MappedNote(Path(folder, "run.db"), "places")
        for content in notes:
            assert note.write(content)
        with Path(folder, "run.db-places").open("r+b") as file:
            file.seek((len(notes) + 1) % 2 * mapped_note._HALF + at)
            file.write(torn)
        again = MappedNote(Path(folder, "run.db"), "places")
        assert again.read() == (notes[-1] if notes else b"")
        assert again.write(b"more")
        assert MappedNote(Path(folder, "run.db"), "places").read() == b"more"
