"""What every store of shared places does, whatever keeps them."""

from collections.abc import Callable

import pytest

from klaviyo_bulk_events.answers import Allowance
from klaviyo_bulk_events.places import Places
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.shared_places.line import SEAT_SECONDS
from tests.shared_places.conftest import Make

WINDOW, LEASE = 10.0, 60.0


class Clock:
    """A clock that stands still until it is told; a time of day, as Redis has it."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


Process = Callable[..., Places]


@pytest.fixture
def process(share: Make, clock: Clock) -> Process:
    """One more process that shares two requests in 10 seconds, or takes fewer of them."""
    make = share(LEASE, clock)
    return lambda limit=2: make([Rate(limit, WINDOW)])


def test_all_processes_share_the_places(process: Process) -> None:
    """What one has taken another can't have."""
    one, other = process(), process()
    assert one.ask("a") == other.ask("b") == 0.0
    assert other.ask("c") > 0.0


def test_a_place_is_free_one_window_after_its_answer(process: Process, clock: Clock) -> None:
    """The wait is computed: by then, and not before."""
    one, other = process(), process()
    one.ask("a")
    other.ask("b")
    clock.now += 4.0
    one.answered("a", None)
    assert other.ask("c") == pytest.approx(WINDOW, abs=1e-5)
    clock.now += WINDOW - 0.01
    assert other.ask("c") == pytest.approx(0.01, abs=1e-5)
    clock.now += 0.011
    assert other.ask("c") == 0.0


def test_a_dead_process_s_place_comes_back_after_the_lease(process: Process, clock: Clock) -> None:
    """Its request may arrive until then."""
    one, other = process(), process()
    one.ask("a")
    one.ask("b")
    clock.now += LEASE + WINDOW - 0.01
    assert other.ask("c") > 0.0
    clock.now += 0.02
    assert other.ask("c") == 0.0


def test_an_unused_place_is_free_at_once(process: Process) -> None:
    """Nothing was written on it."""
    one, other = process(), process()
    one.ask("a")
    one.ask("b")
    one.unused("b")
    assert other.ask("c") == 0.0


def test_first_come_first_served(process: Process, clock: Clock) -> None:
    """Who came first has a place kept free, whoever asks first once there is one."""
    one, other = process(), process()
    one.ask("a")
    one.ask("b")
    one.answered("a", None)
    clock.now += 1.0
    one.answered("b", None)
    assert one.ask("first") > 0.0
    assert other.ask("second") > 0.0
    for _ in range(8):
        clock.now += 1.001
        assert one.ask("first") > 0.0
        assert other.ask("second") > 0.0
    clock.now += 1.001
    # By now the place of "a" is free, and that of "b" is not.
    assert other.ask("second") > 0.0
    assert one.ask("first") == 0.0


def test_who_died_in_the_line_holds_up_nobody(process: Process, clock: Clock) -> None:
    """The seat of one who no longer asks is given up."""
    one, other = process(), process()
    one.ask("a")
    one.ask("b")
    one.answered("a", None)
    clock.now += WINDOW - 1.0
    assert one.ask("dies") > 0.0
    clock.now += 1.01
    assert other.ask("lives") > 0.0
    clock.now += SEAT_SECONDS
    assert other.ask("lives") == 0.0


def test_who_leaves_lets_the_next_one_pass(process: Process, clock: Clock) -> None:
    """At once, not when the seat is given up."""
    one, other = process(), process()
    one.ask("a")
    one.ask("b")
    one.answered("a", None)
    clock.now += WINDOW - 1.0
    assert one.ask("first") > 0.0
    assert other.ask("second") > 0.0
    clock.now += 1.01
    one.leave("first")
    assert other.ask("second") == 0.0


def test_a_pause_holds_for_all(process: Process, clock: Clock) -> None:
    """And is never made shorter."""
    one, other = process(), process()
    one.pause(30.0)
    other.pause(5.0)
    clock.now += 29.0
    assert other.ask("a") == pytest.approx(1.0, abs=1e-5)
    clock.now += 1.01
    assert other.ask("a") == 0.0


def test_a_pause_of_centuries(process: Process, clock: Clock) -> None:
    """Whatever a server asks for can be kept."""
    process().pause(1e10)
    assert process().ask("a") > 1e9


@pytest.mark.parametrize(
    ("remaining", "free"), [(0, False), (1, True), (2, True)], ids=["none", "one", "two"]
)
def test_others_who_use_the_account_are_noticed(
    process: Process, clock: Clock, remaining: int, free: bool
) -> None:
    """An answer that says that less is left than we know of slows everybody down."""
    one, other = process(), process()
    one.ask("a")
    clock.now += 0.1
    one.answered("a", Allowance(2, remaining, WINDOW))
    assert (other.ask("b") == 0.0) is free


def test_what_others_took_is_counted_once(process: Process, clock: Clock) -> None:
    """However many answers tell of it."""
    one = process()
    one.ask("a")
    clock.now += WINDOW + LEASE
    one.ask("b")
    one.answered("b", Allowance(2, 0, WINDOW))
    clock.now += WINDOW + 0.01
    assert one.ask("c") == 0.0
    one.answered("c", Allowance(2, 1, WINDOW))
    assert one.ask("d") == 0.0


@pytest.mark.parametrize("seconds", [1.0, 60.0])
def test_another_window_s_allowance_says_nothing(process: Process, seconds: float) -> None:
    """It is about a rate that this limiter does not keep."""
    one = process()
    one.ask("a")
    one.answered("a", Allowance(2, 0, seconds))
    assert one.ask("b") == 0.0


def test_accounts_do_not_share(share: Make, clock: Clock) -> None:
    """Each account has limits of its own."""
    one, other = (share(LEASE, clock)([Rate(1, WINDOW)]) for _ in range(2))
    assert one.ask("a") == other.ask("a") == 0.0


def test_who_takes_a_share_leaves_room(process: Process) -> None:
    """Under a part of the rate it stops where the others go on, even while it waits."""
    whole, part = process(), process(1)
    assert part.ask("a") == 0.0
    assert part.ask("b") > 0.0
    assert whole.ask("c") == 0.0


def test_three_in_line_are_served_in_their_order(process: Process, clock: Clock) -> None:
    """Each waits for one place more than the one before."""
    one = process()
    assert one.ask("x") == one.ask("y") == 0.0
    one.answered("x", None)
    clock.now += 2.0
    one.answered("y", None)
    waits = [process().ask(seat) for seat in ("first", "second", "third")]
    assert waits == pytest.approx([WINDOW - 2.0, WINDOW, WINDOW], abs=1e-4)
    clock.now += 1.0
    assert process().ask("third") >= process().ask("second") > process().ask("first") > 0.0
