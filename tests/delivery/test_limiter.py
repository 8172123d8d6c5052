"""Who may send next, among threads and event loops."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from klaviyo_bulk_events.limiter import UNUSED_AFTER, Limiter, Place, Ticket
from klaviyo_bulk_events.places import MemoryPlaces
from klaviyo_bulk_events.rates import Rate


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    """One request in 10 seconds, with a lease of 60."""
    return Limiter(MemoryPlaces([Rate(1, 10.0)], 60.0, clock), clock)


def join(limiter: Limiter, wake: Callable[[], None] = lambda: None) -> Ticket:
    return limiter.join(wake)


def place(answer: Place | float | None) -> Place:
    assert isinstance(answer, Place)
    return answer


def test_first_come_first_served(limiter: Limiter, clock: Clock) -> None:
    """Who is not first gets nothing, even while a place is free."""
    first, second = join(limiter), join(limiter)
    assert limiter.ask(second) is None
    limiter.answered(place(limiter.ask(first)))
    clock.now += 10.0
    place(limiter.ask(second))


def test_the_wait_is_computed(limiter: Limiter, clock: Clock) -> None:
    """The first in line learns how long it takes if nothing is answered before."""
    place(limiter.ask(join(limiter)))
    clock.now += 4.0
    assert limiter.ask(join(limiter)) == pytest.approx(66.0)


@pytest.mark.parametrize("happens", ["answered", "unused", "pause", "leave"])
def test_whoever_is_first_is_woken_by_what_changes_the_wait(limiter: Limiter, happens: str) -> None:
    """An answer, an unused place, a pause, and the departure of who was first."""
    held = place(limiter.ask(join(limiter)))
    woken: list[str] = []
    first = join(limiter, lambda: woken.append("first"))
    second = join(limiter, lambda: woken.append("second"))
    if happens == "answered":
        limiter.answered(held)
    elif happens == "unused":
        limiter.unused(held)
    elif happens == "pause":
        limiter.pause(1.0)
    else:
        limiter.leave(first)
    assert woken == (["second"] if happens == "leave" else ["first"])
    assert limiter.ask(second) is None or happens == "leave"


def test_a_grant_wakes_the_next_in_line(limiter: Limiter) -> None:
    """The next learns how long it has to wait."""
    woken = threading.Event()
    first = join(limiter)
    join(limiter, woken.set)
    place(limiter.ask(first))
    assert woken.is_set()


def test_a_grant_grows_stale(limiter: Limiter, clock: Clock) -> None:
    """A place that was not used within a second must be given back."""
    held = place(limiter.ask(join(limiter)))
    assert not limiter.is_stale(held)
    clock.now += UNUSED_AFTER + 0.1
    assert limiter.is_stale(held)
    limiter.unused(held)
    place(limiter.ask(join(limiter)))


def test_threads_and_an_event_loop_share_one_line(clock: Clock) -> None:
    """Both kinds of waiters are woken, each in its own way, in the order of their coming."""
    limiter = Limiter(MemoryPlaces([Rate(1, 10.0)], 60.0, clock), clock)
    held = place(limiter.ask(join(limiter)))
    served: list[str] = []
    in_line = threading.Event()

    def thread() -> None:
        awake = threading.Event()
        ticket = limiter.join(awake.set)
        in_line.set()
        while not isinstance(answer := limiter.ask(ticket), Place):
            assert awake.wait(10.0)
            awake.clear()
        served.append("thread")
        limiter.unused(answer)

    async def task() -> None:
        awake = asyncio.Event()
        loop = asyncio.get_running_loop()
        ticket = limiter.join(lambda: loop.call_soon_threadsafe(awake.set) and None)
        limiter.unused(held)
        while not isinstance(limiter.ask(ticket), Place):
            await asyncio.wait_for(awake.wait(), 10.0)
            awake.clear()
        served.append("task")

    other = threading.Thread(target=thread)
    other.start()
    assert in_line.wait(10.0)
    asyncio.run(task())
    other.join(10.0)
    assert served == ["thread", "task"]
