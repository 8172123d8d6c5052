"""Several processes under any schedule: deaths, lost answers, and a clock that the test moves."""

import random
from collections.abc import Callable, Iterable

from attrs import define, field
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klaviyo_bulk_events.limiter import UNUSED_AFTER, Limiter, Place, Ticket
from klaviyo_bulk_events.places import Places
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.shared_places.line import HEARTBEAT
from tests.shared_places.conftest import Make

LEASE = 8.0
# A time of day in microseconds has no finer grain in a double than this.
GRAIN = 2e-6


@define(eq=False)
class Sender:
    """Somebody in the line of a process, who asks when woken or when it is time to."""

    limiter: Limiter
    ticket: Ticket = field(init=False)
    asks_at: float = 0.0

    def __attrs_post_init__(self) -> None:
        self.ticket = self.limiter.join(self.wake)

    def wake(self) -> None:
        self.asks_at = 0.0


class Schedule:
    """One run over processes that share an account."""

    def __init__(self, share: Make, seed: int) -> None:
        self.dice = dice = random.Random(seed)
        self.now = 1_790_000_000.0
        self.rates = [
            Rate(dice.randint(1, 4), dice.choice([0.5, 1.0, 3.0]))
            for _ in range(dice.randint(1, 2))
        ]
        make: Callable[[Iterable[Rate]], Places] = share(LEASE, lambda: self.now)
        self.limiters = [
            Limiter(make(self.rates), lambda: self.now) for _ in range(dice.randint(2, 4))
        ]
        self.line: list[Sender] = []
        self.granted: list[tuple[Limiter, Place]] = []
        self.arrived: list[tuple[Limiter, Place]] = []
        self.arrivals: list[float] = []
        self.served = 0
        self.paused_until = 0.0

    def run(self) -> None:
        for _ in range(self.dice.randint(10, 60)):
            action = self.dice.choices(
                [self.join, self.ask, self.pass_time, self.take, self.die, self.pause],
                [6, 10, 5, 10, 0.5, 0.3],
            )[0]
            action()
        self.serve_all()

    def join(self) -> None:
        self.line.append(Sender(self.dice.choice(self.limiters)))

    def ask(self) -> None:
        due = [sender for sender in self.line if sender.asks_at <= self.now]
        if due:
            self._ask(self.dice.choice(due))

    def _ask(self, sender: Sender) -> None:
        answer = sender.limiter.ask(sender.ticket)
        if isinstance(answer, Place):
            assert self.now >= self.paused_until - GRAIN
            self.line.remove(sender)
            self.granted.append((sender.limiter, answer))
            self.served += 1
        elif answer is None:
            sender.asks_at = float("inf")
        else:
            assert answer > 0.0
            sender.asks_at = self.now + min(answer, HEARTBEAT)

    def pass_time(self) -> None:
        self.now += self.dice.choice([0.0, 0.25, self.dice.uniform(0.0, 4.0)])

    def take(self) -> None:
        """A request that was granted arrives, or one that arrived is answered."""
        dice = self.dice.random()
        if self.granted and dice < 0.5:
            self._arrive(*self.granted.pop(self.dice.randrange(len(self.granted))))
        elif self.arrived:
            limiter, place = self.arrived.pop(self.dice.randrange(len(self.arrived)))
            if dice < 0.9:  # else its answer is lost
                limiter.answered(place)

    def _arrive(self, limiter: Limiter, place: Place) -> None:
        if limiter.is_stale(place) or self.dice.random() < 0.1:
            limiter.unused(place)
            return
        assert self.now - place.granted <= UNUSED_AFTER
        self.arrived.append((limiter, place))
        self.arrivals.append(self.now)
        for rate in self.rates:
            since = self.now - rate.seconds + GRAIN
            assert sum(since < at <= self.now for at in self.arrivals) <= rate.limit

    def die(self) -> None:
        """A process is gone, with all that it had in line or under way."""
        if len(self.limiters) > 1:
            gone = self.limiters.pop(self.dice.randrange(len(self.limiters)))
            self.line = [sender for sender in self.line if sender.limiter is not gone]
            self.granted = [held for held in self.granted if held[0] is not gone]
            self.arrived = [held for held in self.arrived if held[0] is not gone]

    def pause(self) -> None:
        seconds = self.dice.uniform(0.0, 4.0)
        self.dice.choice(self.limiters).pause(seconds)
        self.paused_until = max(self.paused_until, self.now + seconds)

    def serve_all(self) -> None:
        """Everybody who stays is served, asking only when woken or when it is time."""
        for _ in range(60 * (len(self.line) + 2)):
            if not self.line:
                return
            while self.granted:
                self._arrive(*self.granted.pop())
            while self.arrived:
                limiter, place = self.arrived.pop()
                limiter.answered(place)
            first = min(self.line, key=lambda sender: sender.asks_at)
            assert first.asks_at < float("inf"), "everybody sleeps for ever"
            self.now = max(self.now, first.asks_at)
            self._ask(first)
        raise AssertionError(f"{len(self.line)} were not served")


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**40))
def test_any_schedule_keeps_the_limits(share: Make, seed: int) -> None:
    """No window overrun, nobody starves, no pause shortened, whoever dies."""
    Schedule(share, seed).run()
