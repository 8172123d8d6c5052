"""The tables of a run report."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from klaviyo_bulk_events.run_report.html import Content, Markup, join, tag
from klaviyo_bulk_events.run_report.scale import time_label
from klaviyo_bulk_events.run_report.words import STATUSES, duration, number

_SHOWN: Final = 1_000
"""Rows of a table; the data has them all."""
_COURSE: Final = {
    **{status: name for status, (name, _) in STATUSES.items() if status != "in_flight"},
    "requests": "Requests",
    "retries": "Sent again",
    "failed": "Failed attempts",
    "throttled": "Slowed down",
    "waiting": "Waited for the limit",
    "paused": "Paused by Klaviyo",
}


def table(
    heads: Sequence[str], rows: Iterable[Sequence[Content]], *, numbers: Collection[int] = ()
) -> Markup:
    """A table whose first column names the rows; `numbers` are the columns that hold some."""
    kinds = ["number" if at in numbers else None for at in range(len(heads))]
    head = (
        tag("th", text, scope="col", class_=kind) for text, kind in zip(heads, kinds, strict=True)
    )
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(tag("td", c, class_=k) for c, k in zip(row[1:], kinds[1:], strict=True)),
        )
        for row in rows
    ]
    whole = tag(
        "table", tag("thead", tag("tr", *head)) if any(heads) else None, tag("tbody", *body)
    )
    return tag("div", whole, class_="scroll", tabindex=0, role="region", aria_label="Table")


def timeline_table(timeline: Mapping[str, Any]) -> Markup:
    """The course of a run by its buckets, those columns that hold anything."""
    buckets = timeline["buckets"]
    names = [name for name in _COURSE if any(buckets[name])]
    every = timeline["seconds_per_bucket"]
    rows = [
        (time_label(at * every), *(_cell(name, buckets[name][at]) for name in names))
        for at in range(len(buckets["requests"]))
        if any(buckets[name][at] for name in names)
    ]
    heads = ("From", *(_COURSE[name] for name in names))
    return table(heads, rows, numbers=range(1, len(heads)))


def account_table(accounts: Mapping[str, Mapping[str, Any]]) -> Markup:
    """A row for each account, those that were stopped and then the largest first."""
    shown = [status for status in STATUSES if status != "in_flight"]
    ordered = sorted(
        accounts.items(), key=lambda item: (item[1]["stopped"] is None, -item[1]["submitted"])
    )
    rows = [
        (
            name or "(no known account)",
            number(counts["submitted"]),
            *(number(counts[status]) for status in shown),
            number(counts["requests"]),
            counts["stopped"] or "",
        )
        for name, counts in ordered[:_SHOWN]
    ]
    names = [STATUSES[status][0] for status in shown]
    heads = ("Account", "Events", *names, "Requests", "Stopped early because")
    made = table(heads, rows, numbers=range(1, len(heads) - 1))
    more = len(ordered) - _SHOWN
    return join(made, tag("p", f"And {more:,} more.") if more > 0 else None)


def metric_table(metrics: Sequence[Mapping[str, Any]]) -> Markup:
    """A row for each metric, the most frequent first."""
    rows = [
        (of["metric"], number(of["events"]), of["first"], of["last"]) for of in metrics[:_SHOWN]
    ]
    made = table(("Metric", "Events", "First", "Last"), rows, numbers={1})
    more = len(metrics) - _SHOWN
    return join(made, tag("p", f"And {more:,} more.") if more > 0 else None)


def _cell(name: str, value: float) -> str:
    if not value:
        return ""
    return duration(value) if name in ("waiting", "paused") else number(value)
