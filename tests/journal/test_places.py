"""A resumed run keeps to what the dead one used up of the limits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from klaviyo_bulk_events.errors import JournalError
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
