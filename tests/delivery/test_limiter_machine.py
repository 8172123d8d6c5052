"""The limiter under any interleaving of those who use it, with a clock that only the test moves."""

import random

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from klaviyo_bulk_events.limiter import UNUSED_AFTER, Limiter, Place, Ticket
from klaviyo_bulk_events.places import MemoryPlaces
from klaviyo_bulk_events.rates import Rate

LEASE = 8.0
# Instants and waits meet each other exactly on a grid, and miss each other by rounding off it.
SECONDS = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 4.0]) | st.floats(0.0, 6.0)
RATES = st.lists(
    st.builds(Rate, st.integers(1, 4), st.sampled_from([0.5, 1.0, 3.0]) | st.floats(0.1, 5.0)),
    min_size=1,
    max_size=2,
)
WHICH = st.integers(0, 30)


@define(eq=False)
class Sender:
    """Somebody in the line, who asks only when woken or when the wait that was told is over."""

    ticket: Ticket = field(init=False)
    woken: bool = True
    until: float = float("inf")

    def wake(self) -> None:
        self.woken = True


class LimiterMachine(RuleBasedStateMachine):
    """Requests are granted, written, arrive, are answered, lost or given back."""

    @initialize(rates=RATES, start=st.sampled_from([0.0, 1e6]))
    def start(self, rates: list[Rate], start: float) -> None:
        self.now = start
        self.rates = rates
        places = MemoryPlaces(rates, LEASE, lambda: self.now)
        self.limiter = Limiter(places, lambda: self.now)
        self.line: list[Sender] = []
        self.granted: list[Place] = []
        self.arrived: list[Place] = []
        self.arrivals: list[float] = []
        self.paused_until = float("-inf")

    @rule()
    def join(self) -> None:
        sender = Sender()
        sender.ticket = self.limiter.join(sender.wake)
        self.line.append(sender)

    @precondition(lambda self: self.line)
    @rule(which=WHICH)
    def ask(self, which: int) -> None:
        """Anybody may ask at any time; only the first is told anything."""
        self._ask(self.line[which % len(self.line)])

    def _ask(self, sender: Sender) -> None:
        sender.woken = False
        answer = self.limiter.ask(sender.ticket)
        if sender is not self.line[0]:
            assert answer is None
        elif isinstance(answer, Place):
            assert self.now >= self.paused_until
            self.line.remove(sender)
            self.granted.append(answer)
        else:
            assert answer is not None
            assert answer > 0
            sender.until = self.now + answer
            assert sender.until > self.now

    @precondition(lambda self: self.line)
    @rule(which=WHICH)
    def leave(self, which: int) -> None:
        sender = self.line.pop(which % len(self.line))
        self.limiter.leave(sender.ticket)
        self.limiter.leave(sender.ticket)
        self._check_woken()

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.granted)
    @rule(which=WHICH)
    def arrive(self, which: int) -> None:
        """It was written in time; the server has it at some moment before the lease ends."""
        place = self.granted.pop(which % len(self.granted))
        if self.now > place.granted + LEASE:
            self.limiter.unused(place)
            return
        self.arrived.append(place)
        self._count(self.now)

    @precondition(lambda self: self.granted)
    @rule(which=WHICH)
    def give_back(self, which: int) -> None:
        """Nothing was written: the connection failed, or the grant had grown stale."""
        self.limiter.unused(self.granted.pop(which % len(self.granted)))
        self._check_woken()

    @precondition(lambda self: self.arrived)
    @rule(which=WHICH)
    def answer(self, which: int) -> None:
        self.limiter.answered(self.arrived.pop(which % len(self.arrived)))
        self._check_woken()

    def _check_woken(self) -> None:
        """Whoever is first must hear of what may have made the wait shorter."""
        assert not self.line or self.line[0].woken

    @precondition(lambda self: self.arrived)
    @rule(which=WHICH)
    def lose(self, which: int) -> None:
        """No answer ever comes."""
        self.arrived.pop(which % len(self.arrived))

    @rule(seconds=SECONDS)
    def pause(self, seconds: float) -> None:
        self.limiter.pause(seconds)
        self.paused_until = max(self.paused_until, self.now + seconds)

    @invariant()
    def a_grant_grows_stale_in_time(self) -> None:
        for place in self.granted:
            assert self.limiter.is_stale(place) is (self.now - place.granted > UNUSED_AFTER)

    def _count(self, arrival: float) -> None:
        """No window of any phase holds more arrivals than its rate allows."""
        self.arrivals.append(arrival)
        for rate in self.rates:
            window = [at for at in self.arrivals if arrival - rate.seconds < at <= arrival]
            assert len(window) <= rate.limit

    def teardown(self) -> None:
        """Everybody who stays is served, in order, asking only when woken or when it is time."""
        if not hasattr(self, "line"):
            return
        rounds = 0
        while self.line:
            rounds += 1
            first = self.line[0]
            if not first.woken:
                assert first.until < float("inf"), "the first in line sleeps for ever"
                self.now = max(self.now, first.until)
            self._ask(first)
            while self.granted:
                self.arrive(0)
            while self.arrived:
                self.answer(0)
            assert rounds < 20 * (1 + len(self.line) + len(self.arrivals)), "it is a busy loop"


def walk(seed: int) -> None:
    """The same machine by the dice, which is many times faster than hypothesis' search."""
    rng = random.Random(seed)
    machine = LimiterMachine()
    rates = [Rate(rng.randint(1, 4), rng.choice([0.5, 1.0, 3.0])) for _ in range(rng.randint(1, 2))]
    machine.start(rates, 1_000.0)
    for _ in range(rng.randint(1, 80)):
        action = rng.choice(["join", "ask", "ask", "take", "take", "pass_time", "pause", "leave"])
        held = machine.granted if rng.random() < 0.5 else machine.arrived
        if action == "join":
            machine.join()
        elif action == "pass_time" or (action == "pause" and rng.random() < 0.2):
            getattr(machine, action)(rng.choice([0.0, 0.25, rng.uniform(0.0, 4.0)]))
        elif action == "ask" and machine.line:
            machine.ask(rng.choice([0, rng.randrange(30)]))
        elif action == "leave" and machine.line and rng.random() < 0.3:
            machine.leave(rng.randrange(30))
        elif action == "take" and held:
            end = machine.arrive if held is machine.granted else machine.answer
            other = machine.give_back if held is machine.granted else machine.lose
            (end if rng.random() < 0.8 else other)(rng.randrange(30))
        machine.a_grant_grows_stale_in_time()
    machine.teardown()


@pytest.mark.timeout(60)
def test_any_interleaving_keeps_the_limits() -> None:
    """No window overrun, first come first served, nobody starves, no pause shortened."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        LimiterMachine,
        settings=settings(max_examples=100, stateful_step_count=50, deadline=None),
    )


@settings(max_examples=3_000, deadline=None)
@given(st.integers(0, 2**40))
def test_thousands_of_schedules_keep_the_limits(seed: int) -> None:
    """The same laws, over many more schedules."""
    walk(seed)
