"""Faults that are put on one at a time."""

import pytest


@pytest.fixture
def put(call):
    """Gives a fault a probability, and returns the answer."""
    return lambda emulator, name, content: call(
        emulator, "PUT", f"/inspector/faults/{name}", content=content
    )


def test_what_is_on_stays_on(emulator, put):
    """A fault is put on beside others."""
    emulator.inject("cut", 2)
    assert put(emulator, "slow", b"0.1").status_code == 200
    told = put(emulator, "html_503", b"0.2").json()
    assert told == {"faults": {"slow": 0.1, "html_503": 0.2}, "asked": {"cut": 2}}
    assert emulator.faults == told["faults"]


def test_one_that_every_request_meets_replaces_others(emulator, put):
    """But for `poison`, which is of single events."""
    emulator.set_faults({"slow": 0.1, "poison": 0.3})
    assert put(emulator, "cut", b"1").json()["faults"] == {"poison": 0.3, "cut": 1}
    assert put(emulator, "poison", b"1").json()["faults"] == {"poison": 1, "cut": 1}


@pytest.mark.parametrize(
    ("name", "content"),
    [("nope", b"0.1"), ("slow", b"2"), ("slow", b"true"), ("slow", b"{}"), ("slow", b"")],
)
def test_what_makes_no_sense_is_refused(emulator, put, name, content):
    """And changes nothing."""
    emulator.set_faults({"cut": 0.1})
    assert put(emulator, name, content).status_code == 400
    assert emulator.faults == {"cut": 0.1}


def test_all_off(emulator, call, make):
    """Also those that next requests were to meet; an event that is poisoned stays so."""
    emulator.inject("poison")
    assert emulator.receive(make.request(make.events("a"))).status == 400
    emulator.set_faults({"slow": 0.1})
    emulator.inject("silence", 3)
    emulator.inject("poison", 3)
    told = call(emulator, "DELETE", "/inspector/faults").json()
    assert told == {"faults": {}, "asked": {}}
    assert emulator.receive(make.request(make.events("b"))).status == 202
    assert emulator.receive(make.request(make.events("a"))).status == 400


def test_other_pages_may_not(emulator, call):
    """A fault is put on by the emulator's own page alone."""
    answer = call(
        emulator, "DELETE", "/inspector/faults", headers={"origin": "https://elsewhere.org"}
    )
    assert answer.status_code == 403
