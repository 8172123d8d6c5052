"""Fixed windows of random phase."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.emulator import Emulator, Settings, windows
from klaviyo_bulk_events.emulator.windows import Arrivals, Windows
from klaviyo_bulk_events.limits import BURST, STEADY
from klaviyo_bulk_events.rates import Rate


class Phases(Random):
    """Random numbers that are always the same one."""

    def __init__(self, phase):
        super().__init__()
        self.phase = phase

    def random(self):
        """The one."""
        return self.phase


@pytest.fixture
def throttled(clock):
    """An emulator whose windows start half way between whole seconds and minutes."""
    settings = Settings(rates=[Rate(2, 1), Rate(5, 60)], repeats="drop")
    return Emulator(settings, clock=clock, random=Phases(0.5))


def test_headers_as_recorded(clock, make):
    """The headers read as those that Klaviyo was seen to send."""
    settings = Settings(rates=[Rate(10, 1), Rate(150, 60)])
    emulator = Emulator(settings, clock=clock, random=Phases(0.0))
    assert emulator.receive(make.request()).reply.headers == {
        "ratelimit-limit": "10, 10;w=1, 150;w=60",
        "ratelimit-remaining": "9",
        "ratelimit-reset": "1",
    }


def test_the_rates_of_the_spec_are_the_default():
    """Without rates of its own an emulator has those that the spec states."""
    stated = [(rate.limit, rate.seconds) for rate in (BURST, STEADY)]
    assert [(rate.limit, rate.seconds) for rate in Settings().rates] == stated


def test_a_window_fills_and_starts_anew(throttled, make, clock):
    """A window takes its limit, and as many again from the moment when it ends."""
    moments = [clock.now + after for after in (0.0, 0.4, 0.49, 0.5, 0.6, 1.4)]
    statuses = [throttled.receive(make.request(), moment).status for moment in moments]
    assert statuses == [202, 202, 429, 202, 202, 429]


def test_429(throttled, make, errors, clock):
    """A 429 asks for whole seconds until the fullest window ends, and has no other rate header."""
    plans = [throttled.receive(make.request(), clock.now + i) for i in range(6)]
    assert [plan.status for plan in plans] == [202] * 5 + [429]
    assert plans[-1].reply.headers == {
        "content-type": "application/vnd.api+json",
        "retry-after": "25",
    }
    assert [error["code"] for error in errors(plans[-1])] == ["throttled"]
    assert throttled.receive(make.request(), clock.now + 5 + 25).status == 202


def test_the_longest_wait_counts(make, clock):
    """With several windows full, the wait is until the last of them ends."""
    settings = Settings(rates=[Rate(1, 1), Rate(1, 60)])
    emulator = Emulator(settings, clock=clock, random=Phases(0.0))
    emulator.receive(make.request())
    assert emulator.receive(make.request()).reply.headers["retry-after"] == "60"


def test_remaining_and_reset_are_of_the_first_window(throttled, make, clock):
    """Remaining and Reset tell of the shortest window, whole seconds rounded down."""
    headers = [throttled.receive(make.request(), clock.now).reply.headers for _ in range(2)]
    assert [each["ratelimit-remaining"] for each in headers] == ["1", "0"]
    assert {each["ratelimit-reset"] for each in headers} == {"0"}


def test_scaled_windows(clock, make):
    """Windows of a fraction of a second are windows too."""
    emulator = Emulator(Settings(rates=[Rate(20, 0.2)]), clock=clock, random=Phases(0.0))
    plan = emulator.receive(make.request())
    assert plan.reply.headers["ratelimit-limit"] == "20, 20;w=0.2"


def test_a_refused_request_takes_no_place(throttled, make, clock):
    """What was answered 429 doesn't count in the longer window."""
    for _ in range(9):
        throttled.receive(make.request(), clock.now)
    later = [throttled.receive(make.request(), clock.now + i) for i in (1, 2, 3)]
    assert [plan.status for plan in later] == [202, 202, 202]


def test_refused_requests_of_other_kinds_count(throttled, make, clock):
    """A 401 or a 400 takes its place like any other."""
    throttled.receive(make.request(authorization=None), clock.now)
    throttled.receive(make.request(b"{"), clock.now)
    assert throttled.receive(make.request(), clock.now).status == 429


MOMENTS = st.lists(st.floats(0, 20, allow_nan=False), max_size=60)


@given(MOMENTS, st.integers(1, 5), st.sampled_from([0.2, 1.0, 7.0]), st.floats(0, 0.999))
def test_no_window_takes_more_than_its_limit(moments, limit, seconds, phase):
    """In whatever order requests are told of, no window admits more than its limit."""
    windows = Windows([Rate(limit, seconds)], Phases(phase))
    admitted = [moment for moment in moments if windows.admit(moment) is None]
    indices = [(moment - phase * seconds) // seconds for moment in admitted]
    assert all(indices.count(index) <= limit for index in indices)


QUARTERS = st.lists(st.integers(0, 80), min_size=1, max_size=40)


@given(QUARTERS, st.integers(1, 3), st.sampled_from([0.25, 1.0, 8.0]))
def test_waiting_as_asked_is_enough(quarters, limit, seconds):
    """Whoever waits what a 429 asked for, a second at least, is admitted."""
    windows = Windows([Rate(limit, seconds)], Phases(0.5))
    for moment in (quarter / 4 for quarter in sorted(quarters)):
        wait = windows.admit(moment)
        if wait is not None:
            assert wait >= 1
            assert windows.admit(moment + wait) is None
            return


@given(MOMENTS, st.floats(0.01, 10))
def test_busiest_is_the_largest_count_of_any_window(moments, seconds):
    """The busiest window of a length is what counting from each arrival finds."""
    arrivals = Arrivals()
    for moment in moments:
        arrivals.add(moment)
    counts = [sum(start <= each < start + seconds for each in moments) for start in moments]
    assert arrivals.busiest(seconds) == max(counts, default=0)


@given(MOMENTS, st.integers(1, 5))
def test_of_the_rates_lengths_the_busiest_is_known_for_all_time(moments, kept):
    """Though only the latest arrivals are kept, where they come in their order."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(windows, "_KEPT_ARRIVALS", kept)
        arrivals, whole = Arrivals([0.5]), Arrivals()
        for moment in sorted(moments):
            arrivals.add(moment)
        patched.undo()
        for moment in moments:
            whole.add(moment)
    assert arrivals.busiest(0.5) >= min(whole.busiest(0.5), kept + 1)
    assert arrivals.busiest(0.5) <= whole.busiest(0.5)
    assert arrivals.busiest(100.0) <= 2 * kept


def test_arrivals_count_refused_requests_too(throttled, make, clock):
    """The busiest second has every request that arrived, admitted or not."""
    for moment in (0.0, 0.1, 0.2, 0.3, 1.5):
        throttled.receive(make.request(), clock.now + moment)
    assert (throttled.busiest(1), throttled.busiest(2)) == (4, 5)
    assert throttled.summary()["busiest"] == {"2/s": 4, "5/m": 5}
