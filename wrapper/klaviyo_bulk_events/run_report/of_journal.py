"""The run report of a journal's run, which may go on meanwhile."""

from contextlib import closing
from pathlib import Path
from typing import Any, Final

from klaviyo_bulk_events.journal.inspection import Standing, set_aside, standing
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.report import COSTS
from klaviyo_bulk_events.run_report.data import of_counts
from klaviyo_bulk_events.run_report.reasons import Reasons

_LEFT: Final = "the run ended before its source did: the same command again goes on with it"
_OPEN: Final = ("unknown", "unsent")


def of_journal(path: Path, *, show_values: bool = False) -> dict[str, Any]:
    """The run report as far as the run has come. Raises JournalError."""
    run = standing(path)
    state = "running" if run.running else "complete" if run.complete else "stopped"
    counts = _counts(run)
    counts["stopped"] = _LEFT if state == "stopped" else None
    reasons = Reasons(show_values=show_values)
    with closing(set_aside(path)) as lines:
        reasons.read(lines, counts["rejections"] if not run.in_flight else None)
    in_flight = counts.pop("in_flight")
    document = of_counts(
        counts, reasons, state=state, settings=run.about.get("settings"), in_flight=in_flight
    )
    document["timeline"] = run.timeline
    return document


def _counts(run: Standing) -> dict[str, Any]:
    """A report's fields. What was in flight when its process died is unknown."""
    tally = run.counts or {"status": {}, "rejections": {}, "warnings": {}, "requests": [0] * 5}
    settled = {status.value: tally["status"].get(status.value, 0) for status in Status}
    told = {status: run.set_aside.get(status, 0) for status in _OPEN}
    for status, count in told.items():
        settled[status] += count
    silent = max(0, run.in_flight - sum(told.values()))
    if not run.running:
        settled["unknown"] += silent
    in_flight = silent if run.running else 0
    return {
        "submitted": sum(settled.values()) + in_flight,
        **settled,
        "in_flight": in_flight,
        **dict(zip(COSTS, tally["requests"], strict=True)),
        "seconds": tally.get("seconds", 0.0),
        "rejections": tally["rejections"],
        "warnings": tally["warnings"],
    }
