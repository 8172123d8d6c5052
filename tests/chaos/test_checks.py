"""What the campaign checks, it also notices."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from chaos import limits, records, sums
from chaos.claims import Claims
from chaos.faults import Kind
from chaos.figures import Result, told
from chaos.held import Held
from chaos.plan import Plan, plan
from chaos.step import SetAside, Step
from klaviyo_bulk_events.emulator import SUMMARIES, Emulator, RequestRecord, Settings
from klaviyo_bulk_events.emulator.messages import Request
from klaviyo_bulk_events.emulator.openapi import endpoint
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST, REQUEST_BYTES
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.rates import Rate

PLAN = evolve(plan(1, 4, journal=False), bad=0.0, repeats=0.0, profiles=4, derived=0.0, window=9)
ITEMS = [
    item._replace(content=item.content._replace(is_dropped=False))
    for item in records.items(PLAN)
    if item.content is not None
]
LOST = "html_502"
SETTLED: Mapping[int, SetAside] = {}


def aside(status: Status, code: str = "x", message: str = "") -> SetAside:
    return SetAside(status, code, message, None, b"{}")


def step(
    arrived: int = 4,
    rejects: Mapping[int, SetAside] = SETTLED,
    poison: float = 0.0,
    fault: str | None = None,
    **report: Any,
) -> Step:
    """A call of which the emulator took in the first events, by one request."""
    statuses = Counter(each.status.value for each in rejects.values())
    codes = Counter(each.code for each in rejects.values() if each.status is Status.REJECTED)
    numbers = {status.value: statuses[status.value] for status in Status}
    numbers["accepted"] = len(ITEMS) - len(rejects)
    request = RequestRecord(1, 0.0, 100, 502 if fault else 202, 202, fault, accepted=arrived)
    return Step(
        plan=evolve(PLAN, faults={"poison": poison}),
        items=ITEMS,
        given=len(ITEMS),
        code=3 if statuses["unknown"] or statuses["unsent"] else 1 if rejects else 0,
        report={
            "submitted": len(ITEMS),
            "stopped": None,
            "rejections": dict(codes),
            "requests": 1,
            "bytes": 100,
            "throttled": 0,
            **numbers,
            **report,
        },
        aside=rejects,
        requests=[request],
        came={n(at) for at in range(arrived)},
        lost={1} if fault else set(),
        window=PLAN.window,
    )


def n(at: int) -> int:
    content = ITEMS[at].content
    assert content is not None
    return content.number


def held(arrived: int) -> Held:
    """The first events are held."""
    emulator_s = Held.of(ITEMS)
    for item in ITEMS[:arrived]:
        assert item.content is not None
        emulator_s.requests[item.content.number] = 1
        emulator_s.keys.add(item.content.key)
    return emulator_s


def test_a_call_that_says_the_truth() -> None:
    """Where every event arrived and is called accepted, nothing is wrong."""
    assert list(sums.wrong(step())) == []
    assert list(Claims(step(), held(4)).wrong()) == []


@pytest.mark.parametrize(
    ("report", "named"),
    [
        ({"accepted": 3, "submitted": 3}, "records read"),
        ({"accepted": 3, "duplicate": 1}, "accepted"),
        ({"accepted": 3, "unknown": 1}, "unknown"),
        ({"accepted": 3, "unsent": 1}, "unsent"),
        ({"accepted": 3, "rejected": 1}, "rejected"),
        ({"rejections": {"x": 1}}, "rejections"),
        ({"submitted": 5}, "submitted"),
        ({"requests": 2}, "requests"),
        ({"bytes": 99}, "bytes"),
        ({"throttled": 1}, "throttled"),
        ({"stopped": "an outage"}, "exit code"),
    ],
)
def test_a_wrong_number(report: dict[str, Any], named: str) -> None:
    """Each number that is not what the emulator or the rejects file says is named."""
    assert any(named in fault for fault in sums.wrong(step(**report)))


@pytest.mark.parametrize(
    ("arrived", "rejects", "fault", "poison", "is_true"),
    [
        (3, {}, None, 0.0, False),
        (3, {3: aside(Status.UNSENT)}, None, 0.0, True),
        (4, {3: aside(Status.UNSENT)}, None, 0.0, False),
        (3, {3: aside(Status.UNKNOWN)}, LOST, 0.0, True),
        (4, {3: aside(Status.UNKNOWN)}, LOST, 0.0, True),
        (3, {3: aside(Status.UNKNOWN)}, None, 0.0, False),
        (4, {3: aside(Status.UNKNOWN)}, None, 0.0, False),
        (3, {3: aside(Status.REJECTED, "not_a_time")}, None, 1.0, False),
        (3, {3: aside(Status.REJECTED, "invalid", "Klaviyo says: no")}, None, 1.0, True),
        (3, {3: aside(Status.REJECTED, "invalid", "Klaviyo says: no")}, None, 0.0, False),
        (4, {3: aside(Status.REJECTED, "invalid", "Klaviyo says: no")}, None, 1.0, False),
        (3, {3: aside(Status.REJECTED, "refused_together")}, None, 0.0, True),
        (4, {3: aside(Status.REJECTED, "refused_together")}, None, 0.0, False),
    ],
)
def test_what_a_status_claims(
    arrived: int, rejects: Mapping[int, SetAside], fault: str | None, poison: float, is_true: bool
) -> None:
    """A status that is not true of its event is noticed, and no other."""
    wrong = Claims(step(arrived, rejects, poison, fault), held(arrived)).wrong()
    assert (list(wrong) == []) is is_true


@pytest.mark.parametrize(
    ("rejects", "is_true"),
    [
        ({}, False),
        ({3: aside(Status.REJECTED)}, True),
        ({3: aside(Status.REJECTED, "invalid", "Klaviyo says: no")}, False),
        ({3: aside(Status.UNSENT)}, False),
    ],
)
def test_a_record_that_breaks_a_rule(rejects: Mapping[int, SetAside], is_true: bool) -> None:
    """It must be rejected, and not by the emulator."""
    made = step(3, rejects)
    faulty = evolve(made, items=[*ITEMS[:3], ITEMS[3]._replace(content=None)])
    assert (list(Claims(faulty, held(3)).wrong()) == []) is is_true


@pytest.mark.parametrize(
    ("rejects", "is_true"),
    [
        ({}, True),
        ({4: aside(Status.REJECTED, "key_conflict")}, True),
        ({4: aside(Status.UNSENT)}, False),
    ],
)
def test_a_repeat_within_the_window(rejects: Mapping[int, SetAside], is_true: bool) -> None:
    """It is a duplicate or a conflict, and was never to be sent."""
    repeated = evolve(step(4, rejects), items=[*ITEMS, ITEMS[0]])
    assert (list(Claims(repeated, held(4)).wrong()) == []) is is_true


def test_what_is_lost() -> None:
    """An event that isn't there is lost, unless it was refused."""
    assert list(held(3).lost(ITEMS, (), ())) == [ITEMS[3]]
    assert list(held(3).lost(ITEMS, (), {n(3)})) == [ITEMS[3]]
    assert list(held(3).lost(ITEMS, {n(3)}, ())) == []


@pytest.mark.parametrize("is_told", [False, True])
def test_what_a_refused_conflict_excuses(is_told: bool) -> None:
    """A first that was told to be the conflict of another, which was refused, is not lost."""
    first = ITEMS[3].content
    assert first is not None
    conflict = ITEMS[3]._replace(content=first._replace(number=99))
    both = [*ITEMS, conflict]
    follower = Held.of(both)
    follower.keys |= held(3).keys
    conflicts = {first.number} if is_told else set()
    assert (list(follower.lost(both, {99}, conflicts)) == []) is is_told


class Remembering:
    """Stands in for an emulator that holds these events."""

    def __init__(self, *events: Any) -> None:
        self._events = list(events)

    def events(self, offset: int) -> list[Any]:
        return self._events[offset:]


def test_what_is_held() -> None:
    """Events that came twice, changed or broke a rule are noticed; derived ids are expected."""
    content = ITEMS[0].content
    assert content is not None
    event = content.event
    invalid = event._replace(properties={"n": 0})
    changed = event._replace(value=0.0)
    for events, kinds in (
        ([event], []),
        ([event, event], [Kind.DOUBLED]),
        ([changed], [Kind.INVALID]),
        ([invalid], [Kind.INVALID]),
    ):
        follower = Held.of(ITEMS)
        follower.follow(Remembering(*events))  # type: ignore[arg-type]
        assert [wrong.kind for wrong in follower.wrong] == kinds


def test_a_window_that_was_overrun() -> None:
    """A 429 that was not injected, and the window's count, are noticed."""
    emulator = Emulator(Settings(rates=(Rate(1, 10.0),), seed=1), clock=lambda: 1e9)
    assert list(limits.broken(emulator)) == []
    for _ in range(2):
        emulator.receive(Request("POST", endpoint(), {}))
    *early, overrun = list(limits.broken(emulator))
    assert any("429" in text for text in early)
    assert "2 requests came within 10 s" in overrun


@pytest.mark.parametrize(
    "fields",
    [
        {"bytes": REQUEST_BYTES.value + 1},
        {"accepted": EVENTS_PER_REQUEST.value + 1},
        {"flaws": (("duplicate_in_request", None),)},
        {"flaws": (("payload_too_large", None),)},
    ],
)
def test_a_request_that_breaks_a_limit(fields: dict[str, Any]) -> None:
    """A request that is too large, or holds a key twice, is noticed."""
    record = RequestRecord(**{"number": 1, "arrived": 0.0, "bytes": 1, **fields})
    assert list(limits.of_request(record))


def test_a_seed_is_a_run() -> None:
    """The same seed makes the same plan and the same records."""
    one, other = plan(7, 50, journal=False), plan(7, 50, journal=False)
    assert one == other
    assert records.items(one) == records.items(other)
    assert records.items(one) != records.items(plan(8, 50, journal=False))


def test_every_fault_gets_its_turn() -> None:
    """As seeds go by, every fault that the emulator has is in a plan."""
    plans: list[Plan] = [plan(seed, 1_000, journal=False) for seed in range(len(SUMMARIES))]
    assert {name for made in plans for name in made.faults} == set(SUMMARIES)


def test_the_figures() -> None:
    """What was wrong is summed up by kind, with the seeds that failed."""
    good = Result(seed=1, events=10, calls=2, faults=Counter({"late": 2}))
    bad = Result(seed=2, events=10, wrong=Counter([Kind.LOST, Kind.LOST]), failure="lost")
    text = "\n".join(told([good, bad]))
    assert "2 runs, 20 events" in text
    assert "lost: 2" in text
    assert "doubled: 0" in text
    assert "failed seeds: 2" in text
