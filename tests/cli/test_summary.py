"""A report as a reader sees it."""

from typing import Any

import pytest

from klaviyo_bulk_events.cli.summary import Sentences, summary
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.report import Report


def shown(*outcomes: Outcome, **fields: Any) -> str:
    sentences = Sentences()
    for outcome in outcomes:
        sentences.hear(outcome)
    names = ("requests", "retries", "narrowing", "throttled", "bytes", "seconds")
    zeros = dict.fromkeys(("submitted", *(status.value for status in Status), *names), 0)
    return summary(Report(**{"rejections": {}, "warnings": {}, **zeros, **fields}), sentences)


def test_any_warning_is_shown() -> None:
    """A warning is counted under its code with its sentence, whichever it is."""
    warning = Problem("/profile/external_id", "looks_like_anything", "this looks like anything")
    text = shown(
        Outcome(Status.ACCEPTED, 0, None, warnings=(warning,)),
        submitted=2,
        accepted=2,
        warnings={"looks_like_anything": 2},
    )
    assert "\nWarnings:\n  looks_like_anything  2  this looks like anything\n" in text


def test_one_code_may_have_several_reasons() -> None:
    """The commonest is told, with how many have it; and nobody's data."""
    early, late = (Problem("/time", "time_out_of_range", f"the time is too {n}") for n in "ab")
    named = Problem("/x", "unknown_field", "there is no field 'ada@example.com': known are email")
    problems = [early, late, late, named]
    text = shown(
        *(Outcome(Status.REJECTED, 0, None, problems=(problem,)) for problem in problems),
        submitted=4,
        rejected=4,
        rejections={"time_out_of_range": 3, "unknown_field": 1},
    )
    assert "  3  the time is too b (2 of them, others for other reasons)\n" in text
    assert "ada@example.com" not in text
    assert "there is no field" in text


def test_a_duplicate_is_either_kind() -> None:
    """A duplicate need not have been there before the run."""
    text = shown(submitted=1, duplicate=1)
    assert "duplicate 1  given before in this run, or there already" in text


@pytest.mark.parametrize(
    ("stopped", "words"),
    [
        (None, []),
        ("it rained", ["Stopped early: it rained.", "run it again"]),
        ("it \x1b[2J rained", ["Stopped early: it \N{REPLACEMENT CHARACTER}[2J rained."]),
    ],
)
def test_an_early_end(stopped: str | None, words: list[str]) -> None:
    """Why a run ended early is said with what to do next, and nothing where it didn't."""
    text = shown(stopped=stopped)
    assert [word for word in words if word not in text] == []
    assert ("Stopped" in text) == bool(stopped)
