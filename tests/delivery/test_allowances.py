"""What answers say of the rate limits: it may slow a client down, and never speeds it up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.answers import Allowance, read_allowance
from klaviyo_bulk_events.places import MemoryPlaces
from klaviyo_bulk_events.rates import Rate

RECORDED = "10, 10;w=1, 150;w=60"


@pytest.mark.parametrize(
    ("limit", "remaining", "read"),
    [
        (RECORDED, "9", Allowance(10, 9, 1.0)),
        (RECORDED, " 0 ", Allowance(10, 0, 1.0)),
        ("150, 10;w=1, 150;w=60", "149", Allowance(150, 149, 60.0)),
        ("20,20;w=0.5", "3", Allowance(20, 3, 0.5)),
        ("10, 10;w=1, 10;w=60", "9", None),
        ("7, 10;w=1, 150;w=60", "9", None),
        ("10", "9", None),
        (RECORDED, "", None),
        (RECORDED, "-1", None),
        (RECORDED, "many", None),
        (RECORDED, "9" * 5_000, None),
        ("", "9", None),
        ("10, 10;w=, 10;w", "9", None),
    ],
)
def test_the_headers(limit: str, remaining: str, read: Allowance | None) -> None:
    """How much is left, and of which window; what leaves that open says nothing."""
    headers = {"ratelimit-limit": limit, "ratelimit-remaining": remaining}
    assert read_allowance(headers) == read


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_header_can_be_read(limit: str, remaining: str) -> None:
    """Whatever stands there, it is numbers that could be, or nothing."""
    read = read_allowance({"ratelimit-limit": limit, "ratelimit-remaining": remaining})
    assert read is None or (read.remaining >= 0 and read.limit >= 0 and read.seconds >= 0)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_another_user_of_the_account_is_noticed() -> None:
    """Where the server counts more than we sent, the difference takes places for a window."""
    clock = Clock()
    places = MemoryPlaces([Rate(3, 10.0)], 60.0, clock)
    assert places.ask("a") == 0.0
    places.answered("a", Allowance(3, 0, 10.0))
    assert places.ask("b") == 10.0
    clock.now += 10.0
    assert places.ask("b") == 0.0


@given(
    trips=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3), st.floats(0, 5)), max_size=40),
    phase=st.floats(0, 10),
)
def test_alone_nothing_slows_down(trips: list[tuple[float, float, float]], phase: float) -> None:
    """Windows of any phase, answers however late: we never hold more than what we sent."""
    window, most = 10.0, 4
    clock = Clock()
    told = MemoryPlaces([Rate(most, window)], 60.0, clock)
    untold = MemoryPlaces([Rate(most, window)], 60.0, clock)
    arrivals: list[float] = []
    for number, (out, back, later) in enumerate(trips):
        clock.now += later
        if told.ask(str(number)) != 0.0:
            assert untold.ask(str(number)) != 0.0
            continue
        assert untold.ask(str(number)) == 0.0
        clock.now += out
        arrivals.append(clock.now)
        began = (clock.now + phase) // window
        left = most - sum((at + phase) // window == began for at in arrivals)
        clock.now += back
        told.answered(str(number), Allowance(most, max(left, 0), window))
        untold.answered(str(number), None)


def test_a_share_counts_what_others_have_of_the_rest() -> None:
    """Who takes 8 of 10 stops at 8 of all, whoever has them."""
    places = MemoryPlaces([Rate(8, 10.0)], 60.0, Clock())
    assert places.ask("a") == 0.0
    places.answered("a", Allowance(10, 4, 10.0))
    assert [places.ask(seat) for seat in "bc"] == [0.0, 0.0]
    assert places.ask("d") > 0.0


def test_a_smaller_limit_of_the_server_counts() -> None:
    """No more are sent than are left, whatever rate was asked for."""
    places = MemoryPlaces([Rate(8, 10.0)], 60.0, Clock())
    assert places.ask("a") == 0.0
    places.answered("a", Allowance(3, 2, 10.0))
    assert [places.ask(seat) for seat in "bc"] == [0.0, 0.0]
    assert places.ask("d") > 0.0


def test_only_what_can_be_in_the_server_s_window_is_compared() -> None:
    """What was sent before it does not hide somebody else."""
    clock = Clock()
    places = MemoryPlaces([Rate(2, 10.0)], 60.0, clock)
    assert places.ask("a") == 0.0
    places.answered("a", None)
    clock.now += 15.0
    assert places.ask("b") == 0.0
    places.answered("b", Allowance(2, 0, 10.0))
    assert places.ask("c") > 0.0
