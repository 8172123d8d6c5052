"""The lists of reasons, each with what it means and its examples."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from klaviyo_bulk_events.run_report.html import Markup, tag
from klaviyo_bulk_events.run_report.words import again, number, reason

_LISTS: Final = {
    "rejected": (
        "Why events were rejected",
        "The source can be mended by these and sent again; what was accepted counts once.",
    ),
    "unknown": (
        "Why it is unknown what became of some",
        "Nothing has to be mended. {again} settles those with a unique_id.",
    ),
    "unsent": (
        "Why some were not sent",
        "Nothing has to be mended in the events. {again} sends them.",
    ),
    "warnings": (
        "Warnings",
        "These events are no errors, but Klaviyo may not do with them what was meant.",
    ),
}


def reason_lists(document: Mapping[str, Any]) -> Iterator[Markup]:
    """A section for each kind of reason that there is any of."""
    for name, (title, lead) in _LISTS.items():
        reasons = document["reasons"][name]
        if reasons:
            items = map(_item, reasons)
            said = lead.format(again=again(document["settings"]))
            yield tag("section", tag("h2", title), tag("p", said), tag("ol", *items))


def _item(of: Mapping[str, Any]) -> Markup:
    examples: Sequence[Mapping[str, str]] = of["examples"]
    code = of["code"]
    told = reason(code) or _by_example(examples)
    count = f"{number(of['events'])} events" if of.get("events", 1) != 1 else "1 event"
    return tag(
        "li",
        tag("p", tag("strong", count) if "events" in of else None, " ", told, " ",
            tag("code", code), class_="reason"),
        tag("ul", *map(_example, examples)) if examples else None,
    )  # fmt: skip


def _by_example(examples: Sequence[Mapping[str, str]]) -> str:
    told = examples[0]["message"] if examples else ""
    return "Klaviyo refused them" if told.startswith("Klaviyo") else told


def _example(of: Mapping[str, str]) -> Markup:
    return tag(
        "li",
        tag("span", of["origin"], class_="origin") if of["origin"] else None,
        tag("code", of["pointer"]) if of["pointer"] else None,
        tag("span", of["message"]),
    )
