"""A run report as data: what `--report run.json` holds, and the page is made of."""

import platform
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST, REQUEST_BYTES, REVISION
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.run_report.masking import masked, masked_code
from klaviyo_bulk_events.run_report.reasons import Reasons
from klaviyo_bulk_events.version import __version__

KIND: Final = "klaviyo-bulk-events run report"
FORM: Final = 1
"""Counts up when a key goes, or means something else; new keys may come without."""


def of_run(
    report: Report,
    reasons: Reasons,
    *,
    timeline: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    accounts: Mapping[str, Report] | None = None,
) -> dict[str, Any]:
    """The run report of a run that has ended; `timeline` is the state of a `Timeline`."""
    state = "complete" if report.stopped is None else "stopped"
    document = of_counts(report.as_dict(), reasons, state=state, settings=settings)
    document["timeline"] = timeline
    if accounts is not None:
        each = {name: report.as_dict() for name, report in accounts.items()}
        document["accounts"] = each if reasons.show_values else _masked_accounts(each)
    return document


def of_plan(
    report: Report,
    reasons: Reasons,
    *,
    fill: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    rates: Sequence[Rate],
    seconds: float,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The run report of what nothing was sent of: `accepted` are those that would be.

    fill: how many requests are how full. seconds: the least that the rates allow.
    """
    document = of_counts(report.as_dict(), reasons, state="planned", settings=settings)
    document["plan"] = {
        "seconds": seconds,
        "limits": [{"requests": rate.limit, "seconds": rate.seconds} for rate in rates],
        "events_per_request": EVENTS_PER_REQUEST.value,
        "bytes_per_request": REQUEST_BYTES.value,
        "requests_by_fill": dict(fill),
        "metrics": list(metrics),
    }
    return document


def of_counts(
    counts: Mapping[str, Any],
    reasons: Reasons,
    *,
    state: str,
    settings: Mapping[str, Any] | None,
    in_flight: int = 0,
) -> dict[str, Any]:
    """What every run report has. `counts` are the fields of a `Report`."""
    stopped = counts["stopped"]
    return {
        "kind": KIND,
        "form": FORM,
        "state": state,
        "written": time.time(),
        **counts,
        "in_flight": in_flight,
        "stopped": stopped if stopped is None or reasons.show_values else masked(stopped),
        **{name: _by_code(counts[name], reasons) for name in ("rejections", "warnings")},
        "reasons": {
            "rejected": list(reasons.of("rejected", counts["rejections"])),
            "unknown": reasons.open("unknown"),
            "unsent": reasons.open("unsent"),
            "warnings": list(reasons.of("warning", counts["warnings"])),
        },
        "shows_values": reasons.show_values,
        "settings": dict(settings or {}),
        "versions": {
            "klaviyo-bulk-events": __version__,
            "python": platform.python_version(),
            "api_revision": REVISION,
        },
    }


def _by_code(counts: Mapping[str, int], reasons: Reasons) -> dict[str, int]:
    if reasons.show_values:
        return dict(counts)
    found: Counter[str] = Counter()
    for code, count in counts.items():
        found[masked_code(code)] += count
    return dict(found)


def _masked_accounts(accounts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The accounts' counts, without what stopped each in a server's words."""
    return {
        name: {**counts, "stopped": counts["stopped"] and masked(counts["stopped"])}
        for name, counts in accounts.items()
    }
