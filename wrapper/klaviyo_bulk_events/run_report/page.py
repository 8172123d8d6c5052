"""A run report as a page: one file that needs nothing else, to read, print and hand on."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from klaviyo_bulk_events.run_report import charts
from klaviyo_bulk_events.run_report.html import Markup, tag
from klaviyo_bulk_events.run_report.masking import MASK
from klaviyo_bulk_events.run_report.reason_list import reason_lists
from klaviyo_bulk_events.run_report.tables import account_table, metric_table, table, timeline_table
from klaviyo_bulk_events.run_report.words import (
    COSTS,
    PLANNED,
    SETTINGS,
    STATUSES,
    again,
    duration,
    limit,
    moment,
    number,
    size,
)

_STATES: Final = {
    "complete": "The run is complete.",
    "running": "The run goes on: this is how far it has come.",
    "stopped": "The run was stopped before it was complete.",
    "planned": "Nothing was sent: this is what sending would come to.",
}


def page(document: Mapping[str, Any]) -> bytes:
    """The page of a run report's data."""
    body = tag("main", *_sections(document))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="generator", content=document["kind"]),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy()),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("meta", name_="referrer", content="no-referrer"),
        tag("title", f"Klaviyo run report: {_headline(document)}"),
        tag("style", Markup(_style())),
    )
    whole = tag("html", head, tag("body", body), lang="en")
    return f"<!doctype html>\n{whole}\n".encode()


@cache
def _style() -> str:
    return resources.files(__package__).joinpath("page.css").read_text("utf-8")


def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _sections(document: Mapping[str, Any]) -> Iterator[Markup]:
    is_plan = document["state"] == "planned"
    yield _opening(document)
    yield _outcome(document, PLANNED if is_plan else _told(document))
    yield from _plan(document["plan"], document) if is_plan else _course(document)
    yield from reason_lists(document)
    if "accounts" in document:
        yield _section("Accounts", account_table(document["accounts"]))
    if not is_plan:
        yield _section("What it took", _costs(document))
    yield _section("Settings and versions", _settings(document))
    yield _footer(document)


def _section(title: str, *content: Markup) -> Markup:
    return tag("section", tag("h2", title), *content)


def _headline(document: Mapping[str, Any]) -> str:
    submitted = number(document["submitted"])
    if document["state"] == "planned":
        return f"{number(document['accepted'])} of {submitted} events are ready to send"
    others = [
        f"{number(document[status])} {name.lower()}"
        for status, (name, _) in STATUSES.items()
        if status != "accepted" and document[status]
    ]
    rest = f": {', '.join(others)}" if others else ""
    return f"{number(document['accepted'])} of {submitted} events accepted{rest}"


def _opening(document: Mapping[str, Any]) -> Markup:
    state = document["state"]
    stopped = document["stopped"]
    mend = (
        f"{again(document['settings'])} goes on, once nothing stands in the way. Events that were "
        "not read by then are not counted here."
    )
    return tag(
        "header",
        tag("p", "Klaviyo run report", class_="kind"),
        tag("h1", _headline(document)),
        tag(
            "p",
            tag("strong", _STATES[state]),
            f" Why: {stopped}. {mend}" if stopped else "",
            class_=f"state {state}",
        ),
        tag("p", _when(document), class_="when"),
    )


def _when(document: Mapping[str, Any]) -> str:
    written = f"Written {moment(document['written'])}"
    timeline = document.get("timeline")
    if not timeline:
        return f"{written}."
    sessions = timeline["sessions"]
    more = f", in {len(sessions)} sessions" if len(sessions) > 1 else ""
    began = moment(sessions[0]["began"])
    return f"Begun {began}{more}; {duration(document['seconds'])} of work. {written}."


def _told(document: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:
    shown = dict(STATUSES)
    if document["state"] != "running":
        del shown["in_flight"]
    return shown


def _outcome(document: Mapping[str, Any], told: Mapping[str, tuple[str, str]]) -> Markup:
    counts = {status: document[status] for status in told}
    submitted = number(document["submitted"])
    repeat = again(document["settings"])
    tiles = [
        tag(
            "li",
            tag("span", number(count), class_="count"),
            tag("span", told[status][0], class_="name"),
            tag("span", told[status][1].format(again=repeat), class_="meaning"),
            class_=f"is-{status}" if count else f"is-{status} none",
        )
        for status, count in counts.items()
    ]
    lead = f"Of {submitted} events that were read, every one is in exactly one of these numbers."
    title = f"What {'would become' if told is PLANNED else 'became'} of every event"
    return _section(title, tag("p", lead), charts.shares(counts), tag("ul", *tiles))


def _course(document: Mapping[str, Any]) -> Iterator[Markup]:
    timeline = document.get("timeline")
    if not timeline or not any(map(any, timeline["buckets"].values())):
        return
    yield _section(
        "Over time",
        _figure("Events settled by then, in the colours from above", charts.settled(timeline)),
        *(
            _figure(
                f"Requests within {charts.window(of['seconds'])}; the line is the limit of "
                f"{limit(of)}",
                charts.requests(timeline, of),
            )
            for of in timeline["limits"]
        ),
        _figure("What held it up, and when", charts.held_up(timeline)),
        tag("details", tag("summary", "The same as a table"), timeline_table(timeline)),
    )


def _figure(caption: str, drawing: Markup) -> Markup:
    return tag("figure", tag("figcaption", caption), drawing)


def _plan(plan: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Markup]:
    requests, events = document["requests"], document["accepted"]
    limits = " and ".join(map(limit, plan["limits"]))
    rows = [
        ("Requests", number(requests), f"Each may carry {number(plan['events_per_request'])} "
         f"events and {size(plan['bytes_per_request'])}."),
        ("Events in each", number(round(events / max(1, requests), 1)), "On average."),
        ("Data", size(document["bytes"]), "What all requests hold together."),
        ("Time", f"{duration(plan['seconds'])} or more", f"At the limit of {limits}."),
    ]  # fmt: skip
    yield _section(
        "What sending takes",
        table(("", "", "What it means"), rows, numbers={1}),
        _figure("Requests by how full they are, by events or by data", charts.fills(plan)),
    )
    if plan["metrics"]:
        yield _section("Kinds of events (metrics)", metric_table(plan["metrics"]))


def _costs(document: Mapping[str, Any]) -> Markup:
    shown = {"bytes": size, "seconds": duration}
    rows = [
        (name, shown.get(key, number)(document[key]), meaning)
        for key, (name, meaning) in COSTS.items()
    ]
    return table(("", "", "What it means"), rows, numbers={1})


def _settings(document: Mapping[str, Any]) -> Markup:
    rows = [
        (SETTINGS.get(name, name.replace("_", " ").capitalize()), _setting(value))
        for name, value in document["settings"].items()
    ]
    rows += [
        ("Version of klaviyo-bulk-events", document["versions"]["klaviyo-bulk-events"]),
        ("Version of Python", document["versions"]["python"]),
        ("Revision of Klaviyo's API", document["versions"]["api_revision"]),
    ]
    return table(("Setting", "Value"), rows)


def _setting(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _footer(document: Mapping[str, Any]) -> Markup:
    masked = (
        "This page shows personal data: treat it as such."
        if document["shows_values"]
        else f"Personal data is left out: {MASK} stands where an address or another value was."
    )
    return tag("footer", tag("p", masked))
