"""Who may send next, among threads and event loops."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from klaviyo_bulk_events.answers import Allowance
from klaviyo_bulk_events.errors import LimiterError
from klaviyo_bulk_events.limiter import RETRY_AFTER, UNUSED_AFTER, Limiter, Place, Ticket
from klaviyo_bulk_events.places import MemoryPlaces, PlaceLog
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


class Flaky:
    """Places that can't be reached as long as they are away; what reaches them is noted."""

    waits, heartbeat = True, 1.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.away: LimiterError | None = None
        self.told: list[tuple[object, ...]] = []

    def _tell(self, *news: object) -> None:
        if self.away is not None:
            raise self.away
        self.told.append(news)

    def ask(self, seat: str) -> float:
        self._tell("ask")
        return 0.0

    def leave(self, seat: str) -> None:
        self._tell("leave")

    def answered(self, seat: str, allowance: Allowance | None) -> None:
        self._tell("answered", seat)

    def unused(self, seat: str) -> None:
        self._tell("unused", seat)

    def pause(self, seconds: float) -> None:
        self._tell("pause", seconds)

    def attach(self, log: PlaceLog) -> None:
        self._tell("attach")

    def detach(self, log: PlaceLog) -> None:
        self._tell("detach")

    def close(self) -> None:
        self.told.append(("close",))

    def after_fork(self) -> None:
        self.told = []


AWAY = LimiterError("away")


def test_what_could_not_be_told_is_told_first(clock: Clock) -> None:
    """An answer, and of a pause what is left, before anybody is granted a place."""
    places = Flaky(clock)
    limiter = Limiter(places, clock, patience=60.0)
    held = place(limiter.ask(join(limiter)))
    places.away = AWAY
    limiter.answered(held)
    limiter.pause(30.0)
    ticket = join(limiter)
    assert limiter.ask(ticket) == RETRY_AFTER
    clock.now += 10.0
    places.away, places.told = None, []
    place(limiter.ask(ticket))
    assert places.told == [("answered", held.seat), ("pause", 20.0), ("ask",)]


def test_what_could_not_be_told_is_told_at_the_end(clock: Clock) -> None:
    """Others may have to know of it."""
    places = Flaky(clock)
    limiter = Limiter(places, clock)
    held = place(limiter.ask(join(limiter)))
    places.away = AWAY
    limiter.answered(held)
    places.away, places.told = None, []
    limiter.close()
    assert places.told == [("answered", held.seat), ("close",)]


def test_places_that_are_away_are_not_asked_by_everybody(clock: Clock) -> None:
    """Who asks before the next try learns when that is."""
    places = Flaky(clock)
    limiter = Limiter(places, clock)
    ticket = join(limiter)
    places.away = AWAY
    assert limiter.ask(ticket) == RETRY_AFTER
    assert limiter.trouble == "away"
    clock.now += RETRY_AFTER / 2
    places.away = None
    assert limiter.ask(ticket) == RETRY_AFTER / 2
    clock.now += RETRY_AFTER / 2
    place(limiter.ask(ticket))
    assert limiter.trouble is None


def test_patience_is_for_one_absence(clock: Clock) -> None:
    """A glitch an hour after another is waited for as long as the first."""
    places = Flaky(clock)
    limiter = Limiter(places, clock, patience=10.0)
    ticket = join(limiter)
    places.away = AWAY
    for _ in range(11):
        assert limiter.ask(ticket) == RETRY_AFTER
        clock.now += RETRY_AFTER
    with pytest.raises(LimiterError):
        limiter.ask(ticket)
    clock.now += 3600.0
    assert limiter.ask(ticket) == RETRY_AFTER


def test_what_no_waiting_helps_is_said_at_once(clock: Clock) -> None:
    """A wrong password, a file of something else."""
    places = Flaky(clock)
    limiter = Limiter(places, clock, patience=600.0)
    places.away = LimiterError("wrong password", is_final=True)
    with pytest.raises(LimiterError, match="wrong password"):
        limiter.ask(join(limiter))


def test_a_place_of_one_who_left_is_given_back(clock: Clock) -> None:
    """Whoever was cancelled while its thread asked."""
    places = Flaky(clock)
    limiter = Limiter(places, clock)
    ticket = join(limiter)
    ask = places.ask

    def leaves_meanwhile(seat: str) -> float:
        limiter.leave(ticket)
        return ask(seat)

    places.ask = leaves_meanwhile  # type: ignore[method-assign]
    assert limiter.ask(ticket) is None
    assert places.told[-1] == ("unused", ticket.seat)
