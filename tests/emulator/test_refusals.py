"""What is wrong with a document is refused, with a pointer to it, and nothing of it is taken."""

import json
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.emulator import Emulator, Settings
from klaviyo_bulk_events.limits import (
    EARLIEST_YEAR,
    EVENT_PROPERTIES,
    EVENTS_PER_REQUEST,
    METRIC_NAME_LENGTH,
    STRING_BYTES,
    YEARS_AHEAD,
)

STRING = STRING_BYTES.value
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATEST = NOON + timedelta(days=365 * YEARS_AHEAD.value)
ENTRIES = "/data/attributes/events-bulk-create/data"
ENTRY = f"{ENTRIES}/0"
PROFILE = f"{ENTRY}/attributes/profile/data"
EVENT = f"{ENTRY}/attributes/events/data/0"
GONE = object()


def nested(levels):
    """A value of so many objects within each other."""
    return reduce(lambda inner, _: {"deeper": inner}, range(levels), 1)


def put(document, pointer, value):
    """Put a value where a pointer leads to."""
    *steps, last = pointer.split("/")[1:]
    place = document
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    if value is GONE:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value


BAD = [
    ("/data", [], "/data"),
    ("/data/type", "event", "/data/type"),
    ("/data/attributes", GONE, "/data"),
    (ENTRIES, {}, ENTRIES),
    (ENTRIES, [], ENTRIES),
    (ENTRY, 1, ENTRY),
    (f"{ENTRY}/type", "event", f"{ENTRY}/type"),
    (f"{ENTRY}/attributes/events/data", [], f"{ENTRY}/attributes/events/data"),
    (f"{ENTRY}/attributes/profile", GONE, f"{ENTRY}/attributes"),
    (f"{ENTRY}/attributes/backfil", True, f"{ENTRY}/attributes"),
    (f"{PROFILE}/type", "person", f"{PROFILE}/type"),
    (f"{PROFILE}/id", 7, f"{PROFILE}/id"),
    (f"{PROFILE}/attributes/e_mail", "a@b.org", f"{PROFILE}/attributes"),
    (f"{PROFILE}/attributes/email", 7, f"{PROFILE}/attributes/email"),
    (f"{PROFILE}/attributes/email", "x" * 95 + "@b.org", f"{PROFILE}/attributes/email"),
    (f"{PROFILE}/attributes/external_id", "x" * 256, f"{PROFILE}/attributes/external_id"),
    (f"{PROFILE}/attributes/first_name", "x" * (STRING + 1), f"{PROFILE}/attributes/first_name"),
    (f"{PROFILE}/attributes/properties", {"a": ["x" * 1_000] * 95}, PROFILE),
    (f"{PROFILE}/attributes/properties", {"a": 2**63}, f"{PROFILE}/attributes/properties/a"),
    (f"{PROFILE}/attributes/location/town", "Ely", f"{PROFILE}/attributes/location"),
    (f"{PROFILE}/attributes/location/city", 7, f"{PROFILE}/attributes/location/city"),
    (f"{PROFILE}/attributes/location/latitude", [], f"{PROFILE}/attributes/location/latitude"),
    (f"{PROFILE}/meta/patch_properties/add", {}, f"{PROFILE}/meta/patch_properties"),
    (f"{PROFILE}/meta/patch_properties/unset", 7, f"{PROFILE}/meta/patch_properties/unset"),
    (f"{EVENT}/type", "metric", f"{EVENT}/type"),
    (f"{EVENT}/attributes/properties", GONE, f"{EVENT}/attributes"),
    (f"{EVENT}/attributes/properties", None, f"{EVENT}/attributes/properties"),
    (f"{EVENT}/attributes/uniqueId", "u", f"{EVENT}/attributes"),
    (f"{EVENT}/attributes/unique_id", "", f"{EVENT}/attributes/unique_id"),
    (f"{EVENT}/attributes/unique_id", "u" * 256, f"{EVENT}/attributes/unique_id"),
    (f"{EVENT}/attributes/unique_id", 7, f"{EVENT}/attributes/unique_id"),
    (f"{EVENT}/attributes/value", "9.99", f"{EVENT}/attributes/value"),
    (f"{EVENT}/attributes/value", True, f"{EVENT}/attributes/value"),
    (f"{EVENT}/attributes/backfill", "true", f"{EVENT}/attributes/backfill"),
    (f"{EVENT}/attributes/metric/data", GONE, f"{EVENT}/attributes/metric"),
    (
        f"{EVENT}/attributes/metric/data/attributes/name",
        "",
        f"{EVENT}/attributes/metric/data/attributes/name",
    ),
    (
        f"{EVENT}/attributes/metric/data/attributes/name",
        "m" * (METRIC_NAME_LENGTH.value + 1),
        f"{EVENT}/attributes/metric/data/attributes/name",
    ),
]
BAD_TIMES = [
    "",
    "yesterday",
    "2025-06-01",
    "2025-06-01T10:00:00",
    "2025-06-01 10:00:00Z",
    "2025-06-01T10:00Z",
    "2025-06-01T24:00:00Z",
    "2025-02-30T10:00:00Z",
    "2025-06-01T10:00:60Z",
    "2025-06-01T10:00:00z",
    "2025-06-01T10:00:00+01:00:00:00",
    "2025-06-01T10:00:00Z\n",
    "1748772000",
    "0001-01-01T00:00:00+14:00",
    f"{EARLIEST_YEAR.value - 1}-12-31T23:59:59Z",
    f"{EARLIEST_YEAR.value}-01-01T00:59:59+01:00",
    (LATEST + timedelta(seconds=1)).isoformat(),
    (LATEST + timedelta(days=365)).isoformat(),
]
BAD_PROPERTIES = [
    ({f"p{i}": 1 for i in range(EVENT_PROPERTIES.value + 1)}, ""),
    ({"text": "x" * (STRING + 1)}, "/text"),
    ({"text": "é" * (STRING // 2 + 1)}, "/text"),
    ({"list": ["x", "é" * (STRING // 2 + 1)]}, "/list/1"),
    ({"x" * (STRING + 1): 1}, ""),
    ({"list": [0] * 4_001}, "/list"),
    ({"deep": {"list": [0] * 4_001}}, "/deep/list"),
    (nested(11), "/deeper" * 10),
    ({"list": [[[[[[[[[[1]]]]]]]]]]}, "/list" + "/0" * 9),
    ({"n": 2**63}, "/n"),
    ({"n": -(2**63) - 1}, "/n"),
    ({"n": 2**70}, "/n"),
    ({"a/b": {"c~d": 2**63}}, "/a~1b/c~0d"),
]
BAD_PROFILES = [
    ({}, "/attributes"),
    ({"first_name": "Ada"}, "/attributes"),
    ({"anonymous_id": "a"}, "/attributes"),
    ({"_kx": "k"}, "/attributes"),
    ({"email": None}, "/attributes"),
    ({"email": ""}, "/attributes"),
    ({"phone_number": "020 7946 0000"}, "/attributes/phone_number"),
    ({"phone_number": "15005550006"}, "/attributes/phone_number"),
    ({"phone_number": "+05005550006"}, "/attributes/phone_number"),
    ({"phone_number": "+1500555000612345"}, "/attributes/phone_number"),
    ({"phone_number": "+1500555000६"}, "/attributes/phone_number"),
    ({"phone_number": "123", "external_id": "7"}, "/attributes/phone_number"),
    ({"phone_number": "123", "email": "no address"}, "/attributes/phone_number"),
]


def refusal(emulator, make, errors, document):
    """The pointers and codes of a refusal, which must have left no trace."""
    plan = emulator.receive(make.request(json.dumps(document).encode()))
    assert plan.status == 400
    assert emulator.events() == []
    assert {error["status"] for error in errors(plan)} == {400}
    return [(error["source"].get("pointer"), error["code"]) for error in errors(plan)]


@pytest.mark.parametrize(("at", "value", "pointer"), BAD)
def test_bad_document(emulator, make, errors, at, value, pointer):
    """What breaks the schema, or a limit that a schema can tell, is refused where it is."""
    document = make.document()
    put(document, at, value)
    assert refusal(emulator, make, errors, document) == [(pointer, "invalid")]


@pytest.mark.parametrize("time", BAD_TIMES)
def test_bad_time(emulator, make, errors, time):
    """A time is RFC 3339 with an offset, from 2001 on and at most a year ahead."""
    document = make.document(make.entry(make.event(time=time)))
    expected = [(f"{EVENT}/attributes/time", "invalid")]
    assert refusal(emulator, make, errors, document) == expected


@pytest.mark.parametrize(("properties", "pointer"), BAD_PROPERTIES)
def test_bad_properties(emulator, make, errors, properties, pointer):
    """Properties are limited in number, size, depth, and the range of their integers."""
    document = make.document(make.entry(make.event(properties=properties)))
    expected = [(f"{EVENT}/attributes/properties{pointer}", "invalid")]
    assert refusal(emulator, make, errors, document) == expected


@pytest.mark.parametrize("levels", [200, *range(230, 260), 700])
def test_very_deep_properties(emulator, make, levels):
    """However deep properties are, they are refused, and no parser gives up."""
    document = make.document(make.entry(make.event(properties=nested(levels))))
    assert emulator.receive(make.request(json.dumps(document).encode())).status == 400


@pytest.mark.parametrize(("profile", "pointer"), BAD_PROFILES)
def test_bad_profile(emulator, make, errors, profile, pointer):
    """A profile needs an identifier that suffices; a bad phone needs a good email beside it."""
    document = make.document(make.entry(make.event(), profile=profile))
    assert refusal(emulator, make, errors, document) == [(PROFILE + pointer, "invalid")]


@pytest.mark.parametrize(("entry", "event"), [(True, False), (False, True), (True, None)])
def test_contradictory_backfill(emulator, make, errors, entry, event):
    """Entry and event must agree on backfill, where left out counts as false."""
    flag = {} if event is None else {"backfill": event}
    document = make.document(make.entry(make.event(**flag), backfill=entry))
    expected = [(f"{EVENT}/attributes/backfill", "invalid")]
    assert refusal(emulator, make, errors, document) == expected


def test_too_many_events(emulator, make, errors):
    """The events of all entries together count, not the entries."""
    entries = [
        make.entry(*map(make.event, map(str, range(count))), profile={"external_id": str(count)})
        for count in (EVENTS_PER_REQUEST.value - 1, 2)
    ]
    assert refusal(emulator, make, errors, make.document(*entries)) == [(ENTRIES, "invalid")]


def spoilt(make):
    """A document with faults in its second and third event, and in its second entry's profile."""
    return make.document(
        make.entry(
            make.event("a"),
            make.event("b", value="much"),
            make.event("c", time="yesterday", value=1),
        ),
        make.entry(make.event("d"), profile={"phone_number": "123"}),
    )


SPOILT = [
    f"{ENTRY}/attributes/events/data/1/attributes/value",
    f"{ENTRY}/attributes/events/data/2/attributes/time",
    f"{ENTRIES}/1/attributes/profile/data/attributes/phone_number",
]


@pytest.mark.parametrize(
    ("settings", "pointers"),
    [
        ({}, SPOILT),
        ({"name_faults": "first"}, SPOILT[:1]),
        (
            {"pointers": "event"},
            [*(f"{ENTRY}/attributes/events/data/{i}" for i in (1, 2)), f"{ENTRIES}/1"],
        ),
        ({"pointers": "entry"}, [ENTRY, ENTRY, f"{ENTRIES}/1"]),
        ({"pointers": "nothing"}, [None, None, None]),
        ({"pointers": "nothing", "name_faults": "first"}, [None]),
    ],
)
def test_which_faults_are_named_and_how_far(emulate, make, errors, settings, pointers):
    """All faults are named in their order or the first, and pointers reach as far as set."""
    found = refusal(emulate(**settings), make, errors, spoilt(make))
    assert [pointer for pointer, _ in found] == pointers


def test_all_kinds_of_faults_are_named_together(emulator, make, errors):
    """Schema, rules, poison and repeats are told in one refusal, each event by what it broke."""
    emulator.receive(make.request(make.document(make.entry(make.event("known")))))
    emulator.refuse(lambda event: event.unique_id == "poison")
    document = make.document(
        make.entry(make.event("a"), make.event("b", time="1999"), profile={"email": 7}),
        make.entry(make.event("c", value="much"), profile={"anonymous_id": "x"}),
        make.entry(make.event("d"), more=1),
        make.entry(make.event("poison"), make.event("known"), make.event("e", uniqueId="e")),
    )
    plan = emulator.receive(make.request(document))
    inner = "attributes/events/data"
    assert [error["source"]["pointer"].removeprefix(f"{ENTRIES}/") for error in errors(plan)] == [
        f"0/{inner}/1/attributes/time",
        "0/attributes/profile/data/attributes/email",
        f"1/{inner}/0/attributes/value",
        "1/attributes/profile/data/attributes",
        "2/attributes",
        f"3/{inner}/0",
        f"3/{inner}/1/attributes/unique_id",
        f"3/{inner}/2/attributes",
    ]


@given(st.lists(st.sampled_from(["good", "value", "time", "flag"]), min_size=1, max_size=12))
def test_all_or_nothing(make, errors, kinds):
    """A request with a bad event is taken not at all; every bad event is named, no good one is."""
    flaws = {"value": {"value": "much"}, "time": {"time": "1999"}, "flag": {"backfill": True}}
    events = [make.event(str(i), **flaws.get(kind, {})) for i, kind in enumerate(kinds)]
    emulator = Emulator(Settings(rates=()))
    plan = emulator.receive(make.request(make.document(make.entry(*events))))
    bad = [i for i, kind in enumerate(kinds) if kind != "good"]
    if not bad:
        assert (plan.status, len(emulator.events())) == (202, len(kinds))
        return
    named = [error["source"]["pointer"].removeprefix(EVENT[:-1]) for error in errors(plan)]
    assert (plan.status, emulator.events()) == (400, [])
    assert [int(pointer.split("/")[0]) for pointer in named] == bad
