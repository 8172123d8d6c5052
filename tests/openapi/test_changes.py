"""What a new revision changes is said in lines, each breaking or not."""

from collections.abc import Callable

import pytest

from openapi import spec as vendor
from openapi.changes import changes

Variant = Callable[..., str]

ENTRY = "/data/attributes/events-bulk-create/data/*/attributes"
EVENT = f"{ENTRY}/events/data/*/attributes"
PROFILE = f"{ENTRY}/profile/data/attributes"
METRIC = f"{EVENT}/metric/data"


@pytest.mark.parametrize(
    ("replacement", "lines"),
    [
        (("Klaviyo Developer", "Klaviyo's Developer"), []),
        (
            ('"/api/event-bulk-create-jobs"', '"/api/jobs"'),
            ["BREAKING  path      POST /api/event-bulk-create-jobs -> POST /api/jobs"],
        ),
        (
            ('"202": {', '"200": {'),
            ["BREAKING  answers   202, 4XX, 5XX -> 200, 4XX, 5XX"],
        ),
        (
            ("https://a.klaviyo.com", "https://b.klaviyo.com"),
            ["BREAKING  server    SERVER https://a.klaviyo.com -> https://b.klaviyo.com"],
        ),
        (
            ('"parameters": [', '"parameters": [{"name": "x-new", "in": "header", "schema": {}},'),
            ["BREAKING  headers   revision (required) -> revision (required), x-new (optional)"],
        ),
        (
            ('"properties",\n"metric"\n]', '"properties",\n"metric",\n"time"\n]'),
            [f"BREAKING  required  {EVENT}/time is required now"],
        ),
        (
            ('"properties",\n"metric"\n]', '"metric"\n]'),
            [f"ok        required  {EVENT}/properties is optional now"],
        ),
        (
            ('"type": "number",\n"example": 9.99', '"type": "string",\n"example": 9.99'),
            [f"BREAKING  type      {EVENT}/value null or number -> null or string"],
        ),
        (
            ('"format": "date-time",', ""),
            [f"BREAKING  type      {EVENT}/time null or string (date-time) -> null or string"],
        ),
        (
            ('"example": 9.99,\n"nullable": true', '"example": 9.99'),
            [f"BREAKING  type      {EVENT}/value null or number -> number"],
        ),
        (
            ('"example": "Viewed Product"', '"nullable": true'),
            [f"ok        type      {METRIC}/attributes/name string -> null or string"],
        ),
        (
            ('[\n"metric"\n]', '[\n"metric",\n"measure"\n]'),
            [f"ok        enum      {METRIC}/type metric -> measure or metric"],
        ),
        (
            ('[\n"metric"\n]', '[\n"measure"\n]'),
            [f"BREAKING  enum      {METRIC}/type metric -> measure"],
        ),
        (
            ('"example": "Viewed Product"', '"enum": ["Viewed Product"]'),
            [f"BREAKING  enum      {METRIC}/attributes/name anything -> Viewed Product"],
        ),
        (
            ('"example": "Viewed Product"', '"maxLength": 127'),
            [f"BREAKING  maxLength {METRIC}/attributes/name None -> 127"],
        ),
        (
            ('"example": "Sarah"', '"default": "Sarah"'),
            [f"BREAKING  default   {PROFILE}/first_name None -> Sarah"],
        ),
        (
            ("Individual's first name", "Individual's first name. At most 50 characters."),
            [
                f"ok        text      {PROFILE}/first_name no longer says: Individual's first name",
                f"ok        text      {PROFILE}/first_name says now: At most 50 characters.",
                f"ok        text      {PROFILE}/first_name says now: Individual's first name.",
            ],
        ),
        (
            ('"first_name": {', '"given_name": {'),
            [
                f"BREAKING  field     {PROFILE}/first_name removed",
                f"ok        field     {PROFILE}/given_name added, optional, null or string",
            ],
        ),
        (("OnsiteProfileMeta", "ProfileMeta"), []),
    ],
)
def test_lines(
    received: str, variant: Variant, replacement: tuple[str, str], lines: list[str]
) -> None:
    """A difference gives these lines and no others; schemas' names don't matter."""
    old, new = (vendor.read(text.encode()) for text in (received, variant(replacement)))

    assert [str(change) for change in changes(old, new)] == lines


@pytest.mark.parametrize(
    ("replacements", "line"),
    [
        ([("1,000 events", "500 events")], "BREAKING  limit     EVENTS_PER_REQUEST 1000 -> 500"),
        ([("1,000 events", "2,000 events")], "ok        limit     EVENTS_PER_REQUEST 1000 -> 2000"),
        ([("year 2000", "year 1990")], "ok        limit     EARLIEST_YEAR 2001 -> 1991"),
        ([("1 year in", "2 years in")], "ok        limit     YEARS_AHEAD 1 -> 2"),
        ([("10/s", "5/s")], "BREAKING  rate      BURST 10 in 1 s -> 5 in 1 s"),
        ([("10/s", "10/m")], "BREAKING  rate      BURST 10 in 1 s -> 10 in 60 s"),
        ([("10/s", "20/s")], "ok        rate      BURST 10 in 1 s -> 20 in 1 s"),
        (
            [
                ('[\n"events:write"', '[\n"events:write", "lists:read"'),
                ("`events:write`", "`events:write` `lists:read`"),
            ],
            "BREAKING  scope     SCOPES events:write -> events:write, lists:read",
        ),
    ],
)
def test_lines_of_limits(
    received: str, variant: Variant, replacements: list[tuple[str, str]], line: str
) -> None:
    """A limit that allows less is breaking, one that allows more is not."""
    old, new = (vendor.read(text.encode()) for text in (received, variant(*replacements)))

    assert [str(change) for change in changes(old, new) if change.kind != "text"] == [line]


def test_the_breaking_ones_come_first(received: str, variant: Variant) -> None:
    """The list is sorted: what breaks, then by kind."""
    new = variant(("2026-04-15", "2026-07-15"), ("400 properties", "300 properties"))

    found = changes(vendor.read(received.encode()), vendor.read(new.encode()))

    assert [(change.breaking, change.kind) for change in found] == [
        (True, "limit"),
        (False, "revision"),
        (False, "text"),
        (False, "text"),
    ]


def test_a_former_spec_whose_sentences_are_unknown_by_now(received: str, variant: Variant) -> None:
    """Sentences that were adapted to a new revision may not be in the former one: it is said."""
    former = variant(("Burst:", "Peak:"))

    (first, *_) = changes(vendor.read(former.encode()), vendor.read(received.encode()))

    assert first.kind == "limit"
    assert "those of the former spec can't be read any more" in first.text
