"""The same event again: within a request, and in a later one under both readings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.emulator import Emulator, Settings

EVENTS = "/data/attributes/events-bulk-create/data/0/attributes/events/data"


def sent(emulator, make, errors, document):
    """The status, and the codes and pointers of the errors."""
    plan = emulator.receive(make.request(document))
    told = errors(plan) if plan.status != 202 else []
    return plan.status, [(error["code"], error["source"]["pointer"]) for error in told]


@pytest.mark.parametrize("repeats", ["fail", "drop"])
def test_twice_in_one_request(emulate, make, errors, repeats):
    """A key twice in one request fails it under both readings; the later one is named."""
    found = sent(emulate(repeats=repeats), make, errors, make.events("a", "b", "a"))
    pointer = f"{EVENTS}/2/attributes/unique_id"
    assert found == (400, [("duplicate_in_request", pointer)])


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, [0, 2]),
        ({"name_faults": "first"}, [0]),
        ({"pointers": "nothing"}, [0, 2]),
    ],
)
def test_repeats_fail(emulate, make, errors, settings, named):
    """Events that were accepted before fail the request; pointers always reach their ids."""
    emulator = emulate(repeats="fail", **settings)
    emulator.receive(make.request(make.events("a", "b")))
    found = sent(emulator, make, errors, make.events("a", "c", "b"))
    assert found == (400, [("duplicate", f"{EVENTS}/{i}/attributes/unique_id") for i in named])
    assert [event.unique_id for event in emulator.events()] == ["a", "b"]


def test_repeats_drop(emulate, make, errors):
    """Events that were accepted before are dropped from the request, and counted."""
    emulator = emulate(repeats="drop")
    emulator.receive(make.request(make.events("a", "b")))
    assert sent(emulator, make, errors, make.events("a", "c", "b")) == (202, [])
    assert [event.unique_id for event in emulator.events()] == ["a", "b", "c"]
    assert emulator.summary()["repeats"] == 2


def test_a_refused_request_leaves_no_keys(emulator, make, errors):
    """What stood in a refused request is no repeat afterwards."""
    assert sent(emulator, make, errors, make.events("a", "b", "b"))[0] == 400
    assert sent(emulator, make, errors, make.events("a", "b"))[0] == 202


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"email": "a@b.org"}, {"email": "a@b.org"}, True),
        ({"email": "a@b.org"}, {"email": "c@b.org"}, False),
        ({"email": "a@b.org"}, {"external_id": "a@b.org"}, False),
        ({"external_id": "7", "email": "a@b.org"}, {"external_id": "7"}, True),
        ({"external_id": "7", "email": "a@b.org"}, {"email": "a@b.org"}, False),
        ({"external_id": "7"}, {"external_id": "7", "phone_number": "+15005550006"}, True),
        ({"email": "a@b.org", "anonymous_id": "x"}, {"email": "a@b.org"}, True),
    ],
)
def test_who_is_the_same_profile(emulator, make, errors, first, second, same):
    """A profile is its first identifier: id, external_id, email, phone_number."""
    for profile, status in ((first, 202), (second, 400 if same else 202)):
        document = make.document(make.entry(make.event(), profile=profile))
        assert sent(emulator, make, errors, document)[0] == status


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2025-06-01T10:00:00Z", "2025-06-01T10:00:00.9Z", True),
        ("2025-06-01T10:00:00Z", "2025-06-01T11:00:00+01:00", True),
        ("2025-06-01T10:00:00Z", "2025-06-01T10:00:01Z", False),
        (None, None, True),
    ],
)
def test_without_unique_id_the_second_counts(emulator, make, errors, first, second, same):
    """Without `unique_id` one event per profile, metric and second is told apart."""
    events = [make.event(None, time=time, value=i) for i, time in enumerate((first, second))]
    status, _ = sent(emulator, make, errors, make.document(make.entry(*events)))
    assert status == (400 if same else 202)


def test_other_metrics_are_other_events(emulator, make, errors):
    """The same id under another metric is no repeat."""
    metric = {"data": {"type": "metric", "attributes": {"name": "Viewed Product"}}}
    document = make.document(make.entry(make.event("a"), make.event("a", metric=metric)))
    assert sent(emulator, make, errors, document)[0] == 202


@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), max_size=12))
def test_every_key_is_held_once(make, requests):
    """However requests overlap, no event is held twice, and under `drop` none is missing."""
    readings = [Emulator(Settings(rates=(), repeats=repeats)) for repeats in ("fail", "drop")]
    for emulator in readings:
        for ids in requests:
            emulator.receive(make.request(make.events(*sorted(ids))))
    failing, dropping = ([e.unique_id for e in emulator.events()] for emulator in readings)
    assert len(failing) == len(set(failing))
    assert sorted(dropping) == sorted(set().union(*requests))
