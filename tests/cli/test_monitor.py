"""What is shown while a run goes on."""

import pytest

from klaviyo_bulk_events.answers import Answer
from klaviyo_bulk_events.cli.monitor import Monitor, Snapshot, duration
from klaviyo_bulk_events.cli.notices import told
from klaviyo_bulk_events.cli.summary import printable
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.steps import Answered, Paused, Retrying, Waiting

ANSWER = Answer(503, None, None)


class Clock:
    """Seconds that are set."""

    now = 100.0

    def __call__(self) -> float:
        """The seconds."""
        return self.now


def test_a_snapshot() -> None:
    """Events, speed, the share of the longest window, and the time left from the share read."""
    clock = Clock()
    monitor = Monitor([Rate(10, 1), Rate(150, 60)], lambda: 0.25, clock)
    for status in (*[Status.ACCEPTED] * 50, Status.DUPLICATE, Status.REJECTED, Status.UNKNOWN):
        monitor.settle(Outcome(status, 0, None))
    for _ in range(15):
        monitor.note(Answered(1, 1000, 5000, ANSWER, 0.2))
    clock.now += 10
    now = monitor.snapshot()
    assert (now.events, now.not_accepted, now.per_second) == (53, 2, 5.3)
    assert now.limit == pytest.approx(0.6)
    assert now.left == pytest.approx(30)
    assert str(now) == (
        "53 events, 2 of them not accepted, 5 a second, 60% of the limit, about 30 s left"
    )
    clock.now += 60
    assert monitor.snapshot().limit == 0


def test_no_time_left_is_no_promise() -> None:
    """Once all is read, how long it takes depends on answers alone."""
    monitor = Monitor([Rate(10, 1)], lambda: 1.0, Clock())
    assert monitor.snapshot().left is None
    assert "left" not in str(monitor.snapshot())


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (80, "12,000 · 5,400/s · 98% of the limit · 40 s · 15 not accepted"),
        (59, "12,000 · 5,400/s · 98% of the limit · 40 s"),
        (42, "12,000 · 5,400/s · 98% of the limit · 40 s"),
        (41, "12,000 · 5,400/s · 40 s"),
        (22, "12,000 · 40 s"),
    ],
)
def test_a_brief_snapshot(width: int, text: str) -> None:
    """Where there is little room, how far it is and the time left are said before all else."""
    now = Snapshot(12_000, 15, per_second=5_400, limit=0.98, share=0.5, left=40)
    assert now.brief(width) == text


def test_a_brief_snapshot_says_no_more_than_is_known() -> None:
    """Nothing is said of faults where there are none, and of an end that isn't known."""
    now = Snapshot(7, 0, per_second=5, limit=0, share=None, left=None)
    assert now.brief(80) == "7 · 5/s · 0% of the limit"


def test_a_size_that_is_not_known() -> None:
    """Where the size isn't known, nothing is said of the time left."""
    assert "left" not in str(Monitor([Rate(1, 1)], lambda: None).snapshot())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (60, "1 min 0 s"), (7_500, "2 h 5 min")],
)
def test_durations(seconds: float, text: str) -> None:
    """Seconds are said in the units that one thinks in."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("notice", "words"),
    [
        (Answered(2, 1000, 5000, ANSWER, 0.2), "attempt 2, 1,000 events, 5,000 bytes: HTTP 503"),
        (Retrying(1, 2.5, ANSWER), "retrying in 2.5 s after attempt 1: HTTP 503"),
        (Paused(3.0), "pauses for 3.0 s"),
        (Waiting(0.25), "waiting 0.25 s"),
    ],
)
def test_notices(notice: Answered, words: str) -> None:
    """Every notice has its line."""
    assert words in told(notice)


def test_nothing_steers_the_terminal() -> None:
    """Control characters in a text of somebody else's are not printed."""
    assert printable("a\x1b[2Jé\n") == "a\N{REPLACEMENT CHARACTER}[2Jé\N{REPLACEMENT CHARACTER}"
