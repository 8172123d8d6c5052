"""The sliding log: no window of any phase sees more arrivals than its rate allows."""

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.window_log import WindowLog

RATES = st.lists(st.builds(Rate, st.integers(1, 6), st.floats(0.1, 8.0)), min_size=1, max_size=3)
# Seconds from the grant to the arrival, from there to the answer, and whether the answer is lost.
TRIPS = st.lists(
    st.tuples(st.floats(0, 2), st.floats(0, 2), st.booleans()), min_size=1, max_size=60
)
LEASE = 5.0


def most_in_a_window(arrivals: list[float], seconds: float) -> int:
    arrivals = sorted(arrivals)
    return max(sum(a <= b < a + seconds for b in arrivals) for a in arrivals)


def send_all(log: WindowLog, trips: list[tuple[float, float, bool]]) -> list[float]:
    """Send as fast as the log allows; when the requests arrive."""
    now = 0.0
    arrivals: list[float] = []
    answers: list[tuple[float, float]] = []
    for out, back, lost in trips:
        while (wait := log.wait(now)) > 0:
            if answers and answers[0][0] <= now + wait:
                now, end = heapq.heappop(answers)
                log.answered(end, now)
            else:
                now += wait
        end = log.grant(now)
        arrivals.append(now + out)
        if not lost:
            heapq.heappush(answers, (now + out + back, end))
    return arrivals


@given(RATES, TRIPS)
def test_no_window_is_overrun(rates: list[Rate], trips: list[tuple[float, float, bool]]) -> None:
    """Whenever requests arrive between grant and answer, and whatever answers are lost."""
    arrivals = send_all(WindowLog(rates, LEASE), trips)
    for rate in rates:
        assert most_in_a_window(arrivals, rate.seconds) <= rate.limit


@given(st.integers(1, 6), st.floats(0.5, 3.0), st.floats(0.01, 1.0))
def test_the_rate_is_as_high_as_it_can_be(limit: int, seconds: float, latency: float) -> None:
    """With a steady latency every window carries its limit, one latency longer than it is."""
    rounds = 8
    trips = [(latency / 2, latency / 2, False)] * (limit * rounds + 1)
    arrivals = send_all(WindowLog([Rate(limit, seconds)], LEASE), trips)
    assert arrivals[-1] - arrivals[0] == pytest.approx(rounds * (seconds + latency), rel=1e-3)


def test_an_unanswered_request_holds_its_place_for_its_lease() -> None:
    """Its place comes back one window after the lease, not after the timeout."""
    log = WindowLog([Rate(1, 2.0)], LEASE)
    log.grant(0.0)
    assert log.wait(0.0) == pytest.approx(LEASE + 2.0)
    assert log.wait(LEASE + 2.0) == 0.0


def test_an_answer_frees_the_place_one_window_later() -> None:
    """An answer ends the lease."""
    log = WindowLog([Rate(1, 2.0)], LEASE)
    log.answered(log.grant(0.0), 0.5)
    assert log.wait(0.5) == pytest.approx(2.0)


def test_a_place_that_was_not_used_is_free_at_once() -> None:
    """Nothing was written, so nothing can arrive."""
    log = WindowLog([Rate(1, 2.0)], LEASE)
    log.unused(log.grant(0.0))
    assert log.wait(0.0) == 0.0


def test_a_late_answer_does_not_lengthen_the_lease() -> None:
    """An answer after the lease leaves the place as it ended."""
    log = WindowLog([Rate(1, 2.0)], LEASE)
    end = log.grant(0.0)
    log.answered(end, LEASE + 1.0)
    assert log.wait(LEASE + 1.0) == pytest.approx(1.0)


def test_a_pause_only_ever_extends() -> None:
    """A shorter pause within a longer one changes nothing."""
    log = WindowLog([Rate(5, 1.0)], LEASE)
    log.pause(0.0, 10.0)
    log.pause(1.0, 2.0)
    assert log.wait(1.0) == pytest.approx(9.0)
    log.pause(5.0, 10.0)
    assert log.wait(5.0) == pytest.approx(10.0)


@given(st.floats(0, 1e9), st.floats(0.001, 100))
def test_waiting_as_long_as_told_is_enough(now: float, seconds: float) -> None:
    """No rounding makes a caller ask for ever."""
    log = WindowLog([Rate(1, seconds)], 0.0)
    log.grant(now)
    for _ in range(5):
        now += log.wait(now)
    assert log.wait(now) == 0.0
