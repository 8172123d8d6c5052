"""Where a run stands, in words."""

from collections.abc import Iterator
from datetime import datetime

from klaviyo_bulk_events.cli.summary import aligned, printable
from klaviyo_bulk_events.journal.inspection import Standing
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.queueing.inspection import SpoolStanding


def told(run: Standing) -> str:
    """The standing for a reader."""
    return "\n".join((_state(run), "", *_counts(run), *_answers(run)))


def of_spool(spool: SpoolStanding, now: float) -> str:
    """A spool's standing for a reader; `now` is Unix time."""
    served = "A process sends what is put into it." if spool.is_served else "No process sends."
    age = 0.0 if spool.arrived is None else max(0.0, now - spool.arrived)
    rows = [
        ("waiting", f"{spool.events:,}"),
        ("bytes", f"{spool.bytes:,}"),
        ("in doubt", f"{spool.in_doubt:,}"),
        ("oldest", f"{age:,.0f} s"),
    ]
    return "\n".join((served, "", *aligned(rows, "<>")))


def _state(run: Standing) -> str:
    if run.running:
        return "The run goes on."
    if run.purged:
        return "The journal was purged: only its counts are left, and its run can't go on."
    if run.complete:
        return "The run is complete."
    return "The run has stopped: the same command again goes on with it."


def _counts(run: Standing) -> list[str]:
    settled = run.counts.get("status", {})
    rows = [("read", f"{run.reached:,}")]
    rows += [(status.value, f"{settled.get(status.value, 0):,}") for status in Status]
    rows.append(("in flight", f"{run.in_flight:,}"))
    return aligned(rows, "<>")


def _answers(run: Standing) -> Iterator[str]:
    if run.answer is not None or run.waits is not None:
        yield ""
    if run.answer is not None:
        yield f"Last answer  {_clock(run.answer['at'])}  {printable(run.answer['what'])}"
    if run.waits is not None and not run.complete:
        until = _clock(run.waits["until"])
        yield f"Waiting      until {until} for {printable(run.waits['for'])}"


def _clock(unix: float) -> str:
    return datetime.fromtimestamp(unix).astimezone().isoformat(" ", "seconds")
