"""The timeline: what it sums up, in memory that doesn't grow."""

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klaviyo_bulk_events.answers import Answer, NoAnswer
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.steps import Answered, Notice, Paused, Retrying, Settled, Waiting
from klaviyo_bulk_events.timeline import MOST, Timeline

ACCEPTED = Answered(1, 1000, 10, Answer(202, None, None), 0.1)
FAILED = Answered(1, 1000, 10, NoAnswer("ReadTimeout", written=True), 0.1)
THROTTLED = Answered(1, 1000, 10, Answer(429, 1.0, None), 0.1)
NOTICES: st.SearchStrategy[Notice] = st.one_of(
    st.sampled_from([ACCEPTED, FAILED, THROTTLED]),
    st.builds(
        Settled, st.dictionaries(st.sampled_from(list(Status)), st.integers(1, 1_000), max_size=3)
    ),
    st.builds(Retrying, st.just(1), st.floats(0, 100), st.just(FAILED.reply)),
    st.builds(Waiting, st.floats(0, 100)),
    st.builds(Paused, st.floats(0, 1_000)),
)
GAPS = st.one_of(st.floats(0, 2), st.floats(0, 100_000))


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def timeline(clock: Clock, *rates: Rate) -> Timeline:
    """A timeline by this clock."""
    return Timeline(rates or (Rate(2, 1.0),), clock=clock, wall=lambda: 1_000.0 + clock())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(GAPS, NOTICES), max_size=60))
def test_sums_stay_what_they_are(course: list[tuple[float, Notice]]) -> None:
    """However long a run is there are few buckets, and nothing is lost when they become one."""
    clock = Clock()
    booked = timeline(clock)
    events = dict.fromkeys(Status, 0)
    waited = 0.0
    for gap, notice in course:
        clock.now += gap
        booked(notice)
        if isinstance(notice, Settled):
            for status, count in notice.counts.items():
                events[status] += count
        waited += notice.seconds if isinstance(notice, Waiting) else 0.0
    state = booked.state()
    buckets = state["buckets"]
    assert all(len(column) <= MOST for column in buckets.values())
    assert {status: sum(buckets[status.value]) for status in Status} == events
    answers = [notice for _, notice in course if isinstance(notice, Answered)]
    assert sum(buckets["requests"]) == len(answers)
    assert sum(buckets["failed"]) == answers.count(FAILED)
    assert sum(buckets["throttled"]) == answers.count(THROTTLED)
    assert sum(buckets["waiting"]) <= min(waited, clock.now) + 1e-6
    assert all(
        seconds <= state["seconds_per_bucket"] + 1e-6
        for kind in ("waiting", "paused")
        for seconds in buckets[kind]
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(GAPS, NOTICES), max_size=30), st.lists(st.tuples(GAPS, NOTICES), max_size=30)
)
def test_a_session_goes_on(
    one: list[tuple[float, Notice]], other: list[tuple[float, Notice]]
) -> None:
    """What was written down and read again goes on as if the time between had not been."""
    first, second, through = Clock(), Clock(), Clock()
    whole = timeline(through)
    before = timeline(first)
    for gap, notice in one:
        first.now += gap
        through.now += gap
        before(notice)
        whole(notice)
    state = orjson.loads(orjson.dumps(before.state()))
    after = Timeline.restored(state, rates=before.rates, clock=second, wall=lambda: 9_000.0)
    for gap, notice in other:
        second.now += gap
        through.now += gap
        after(notice)
        whole(notice)
    told = after.state()
    for name in ("requests", "retries", "failed", "accepted", "duplicate", "rejected"):
        assert sum(told["buckets"][name]) == sum(whole.state()["buckets"][name])
    for status in (Status.UNKNOWN, Status.UNSENT):
        settled = (notice for _, notice in other if isinstance(notice, Settled))
        again = sum(notice.counts.get(status, 0) for notice in settled)
        assert sum(told["buckets"][status.value]) == again
    assert [session["at"] for session in told["sessions"]] == [0.0, first.now]
    assert told["sessions"][1]["began"] == 9_000.0


def test_the_busiest_window() -> None:
    """Requests are counted in a window that slides, whatever the buckets' bounds are."""
    clock = Clock()
    booked = timeline(clock, Rate(10, 1.0), Rate(150, 60.0))
    for moment in (0.9, 0.95, 1.05, 1.1, 2.5):
        clock.now = moment
        booked(ACCEPTED._replace(seconds=0.0))
    second, minute = booked.state()["limits"]
    assert second == {"requests": 10, "seconds": 1.0, "busiest": [2, 4, 2]}
    assert minute["busiest"] == [2, 4, 5]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 60)), min_size=1, max_size=60),
    st.sampled_from([0.5, 1.0, 60.0]),
)
def test_no_request_is_left_out(sendings: list[tuple[float, float]], seconds: float) -> None:
    """Whenever answers come, requests are counted by when they were sent."""
    sent = [sum(gap for gap, _ in sendings[: at + 1]) for at in range(len(sendings))]
    answered = sorted(
        (begin + took, begin) for begin, (_, took) in zip(sent, sendings, strict=True)
    )
    clock = Clock()
    booked = timeline(clock, Rate(10, seconds))
    for clock.now, begin in answered:
        booked(ACCEPTED._replace(seconds=clock.now - begin))
    times = [end - (end - begin) for end, begin in answered]
    most = max(sum(end - seconds < time <= end for time in times) for end in times)
    (limit,) = booked.state()["limits"]
    assert max(limit["busiest"]) == most


def test_waits_are_not_counted_twice() -> None:
    """Ten requests that wait for the same place wait once, and as long as they really did."""
    clock = Clock()
    booked = timeline(clock)
    for _ in range(10):
        booked(Waiting(4.0))
    booked(Paused(100.0))
    clock.now = 2.5
    booked(ACCEPTED)
    buckets = booked.state()["buckets"]
    assert buckets["waiting"] == buckets["paused"] == [1.0, 1.0, 0.5]
