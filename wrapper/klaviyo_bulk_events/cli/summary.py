"""Reports as aligned text."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from klaviyo_bulk_events.cli.monitor import duration
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.problems import FORGOTTEN, FORGOTTEN_IN_FLIGHT
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.run_report.masking import masked

_SENTENCES: Final = 1_000
"""Different sentences of one code that are told apart."""
_AGAIN: Final = "run it again (after --stamp-now send the rejects instead)"
_EXPLAINED: Final = {
    Status.ACCEPTED: "Klaviyo took them; they show up within some minutes",
    Status.DUPLICATE: "given before in this run, or there already",
    Status.REJECTED: "they break a rule, or were refused with some that do: not recorded",
    Status.UNKNOWN: f"no answer settled them: {_AGAIN}",
    Status.UNSENT: f"not sent or not processed: {_AGAIN}",
}
_OF_FORGOTTEN: Final = (FORGOTTEN, FORGOTTEN_IN_FLIGHT)
_NOT_FOR_RULES_ALONE: Final = "they break a rule, or their profile was forgotten: see below"


class Sentences:
    """Remembers what was said of the problems of each code: the first sentences, and how often."""

    def __init__(self) -> None:
        self._said: defaultdict[str, Counter[str]] = defaultdict(Counter)
        # What was forgotten before this session is told by none of its outcomes.
        for problem in _OF_FORGOTTEN:
            self._said[problem.code][problem.message] = 0

    def hear(self, outcome: Outcome) -> None:
        """Take the sentences of an outcome."""
        for problem in outcome.problems[:1]:
            said = self._said[problem.code]
            if problem.message in said or len(said) < _SENTENCES:
                said[problem.message] += 1
        for warning in outcome.warnings:
            if warning.code not in self._said:
                self._said[warning.code][warning.message] += 1

    def of(self, code: str) -> str:
        """The sentence that most problems of the code have, without anybody's data.

        Where others have another one, it says of how many it is.
        """
        said = self._said.get(code)
        if not said:
            return ""
        ((sentence, count),) = said.most_common(1)
        told = masked(sentence)
        return told if len(said) == 1 else f"{told} ({count:,} of them, others for other reasons)"


def summary(report: Report, sentences: Sentences) -> str:
    """The report for a reader."""
    parts = [
        *counts(report),
        *_stopped(report),
        *reasons("Rejected because of", report.rejections, sentences),
        *reasons("Warnings", report.warnings, sentences),
        "",
        _work(report),
    ]
    return "\n".join(parts)


def counts(report: Report) -> list[str]:
    """How many events were settled how; zeros say so too."""
    named = {status: getattr(report, status.value) for status in Status}
    explained = {**_EXPLAINED, Status.REJECTED: _why_rejected(report)}
    width = len(f"{report.submitted:,}")
    lines = [f"{'submitted':<11} {report.submitted:>{width},}"]
    for status, count in named.items():
        why = f"  {explained[status]}" if count else ""
        lines.append(f"  {status.value:<9} {count:>{width},}{why}")
    return lines


def _why_rejected(report: Report) -> str:
    if any(problem.code in report.rejections for problem in _OF_FORGOTTEN):
        return _NOT_FOR_RULES_ALONE
    return _EXPLAINED[Status.REJECTED]


def reasons(title: str, codes: Mapping[str, int], sentences: Sentences) -> list[str]:
    """How many events had which problem, with a sentence for each."""
    rows = [(code, f"{count:,}", printable(sentences.of(code))) for code, count in codes.items()]
    return ["", f"{title}:", *aligned(rows, "<><")] if rows else []


def aligned(rows: Iterable[Sequence[str]], sides: str) -> list[str]:
    """The rows as indented columns, each to its side (`<` or `>`)."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def printable(text: str) -> str:
    """The text without what could steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def counted(number: int, noun: str) -> str:
    """`1 request`, `2 requests`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _stopped(report: Report) -> list[str]:
    if report.stopped is None:
        return []
    return [
        "",
        f"Stopped early: {printable(report.stopped)}.",
        "Once nothing stands in the way, run it again: what was not read by then is not counted.",
    ]


def _work(report: Report) -> str:
    return (
        f"{counted(report.requests, 'request')} ({report.retries:,} of them retries, "
        f"{report.narrowing:,} made after refusals, {report.throttled:,} throttled), "
        f"{report.bytes:,} bytes, {duration(report.seconds)}"
    )
