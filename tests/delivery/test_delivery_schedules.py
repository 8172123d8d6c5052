"""Deliveries to servers that may do anything: thousands of schedules, none of which sleeps."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.outcomes import Status

from .simulated import Run, found_in, name_of


def names(events: Iterable[EncodedEvent]) -> set[str]:
    return {name_of(event) for event in events}


def check(seed: int) -> None:
    run = Run(seed)
    settlement, memory = run.settlement, run.server.memory
    settled = [name_of(event) for fate in settlement.fates for event in fate.events]
    assert sorted(settled) == sorted(run.events), "every event has one fate"
    bad = {f.name for f in found_in(run.chunk.body()) if run.temper.is_bad(f)}
    assert not bad & memory.keys(), "what is at fault is never there"
    for fate in settlement.fates:
        events = names(fate.events)
        match fate.status:
            case Status.ACCEPTED | Status.DUPLICATE:
                assert all(memory[name] for name in events)
            case Status.REJECTED if fate.problems[0].code == "refused_together":
                assert run.budget < 1_000, "only once the budget is spent"
                assert not events & run.server.maybe
            case Status.REJECTED:
                assert events <= bad
            case Status.UNKNOWN:
                assert events <= run.server.maybe, "only after an ambiguous failure"
                assert [p.code for p in fate.problems].count("no_answer") == 1
                assert any(p.code == "attempt" for p in fate.problems)
            case Status.UNSENT:
                assert not any(memory[name] for name in events - run.there_before)
    twice = {name for name, times in memory.items() if times > 1}
    assert twice <= (run.unkeyed & run.server.maybe if run.resend_unsafe else set())
    assert settlement.requests == run.posts
    assert settlement.requests <= 2 or not run.temper.says_all
    assert settlement.narrowing - run.server.named_refusals <= run.budget


@settings(max_examples=4_000, deadline=None)
@given(st.integers(0, 2**40))
def test_every_event_has_one_true_fate(seed: int) -> None:
    """Accepted ones are there, rejected ones at fault, unknown ones uncertain, unsent ones not."""
    check(seed)


def test_the_schedules_are_what_they_are_meant_to_be() -> None:
    """They reach every fate, narrowing, retries, stops and outages."""
    runs = [Run(seed) for seed in range(400)]
    statuses = {fate.status for run in runs for fate in run.settlement.fates}
    codes = {p.code for run in runs for fate in run.settlement.fates for p in fate.problems}
    assert statuses == set(Status)
    assert codes >= {"refused_together", "invalid", "duplicate", "no_answer", "not_sent"}
    for kind in ("retries", "narrowing", "throttled", "stop", "outage"):
        assert sum(bool(getattr(run.settlement, kind)) for run in runs) > 5, kind


@pytest.mark.parametrize("seed", [3670])
def test_schedules_that_failed_once(seed: int) -> None:
    """A seed that ever failed stays."""
    check(seed)
