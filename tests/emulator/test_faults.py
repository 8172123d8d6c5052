"""Faults of whole requests, as the core plans them."""

from collections import Counter

import pytest

from klaviyo_bulk_events.emulator import SUMMARIES, Settings
from klaviyo_bulk_events.emulator.faults import FAULTS
from klaviyo_bulk_events.emulator.messages import Delivery
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.rates import Rate

HTML = "text/html; charset=UTF-8"
JSON = "application/vnd.api+json"
WHOLE = Delivery.WHOLE

EDGE = [(f"html_{status}", status, HTML) for status in (400, 403, 404)]
EDGE += [("json_401", 401, JSON), ("json_403", 403, JSON), ("empty_400", 400, None)]
SERVER = [
    (f"{form}_{status}", status, kind)
    for form, kind, statuses in [
        ("html", HTML, (500, 502, 503, 504, 520, 524)),
        ("json", JSON, (500, 503)),
        ("empty", None, (500, 502, 503, 504, 520, 524)),
    ]
    for status in statuses
]
AFTER = [(f"{name}_after", status, kind) for name, status, kind in SERVER]
THROTTLED = [("throttled", "1"), ("throttled_zero", "0"), ("throttled_long", "3600")]
CARRIED = [
    ("reset_before", Delivery.RESET, None, 0),
    ("reset_after", Delivery.RESET, None, 1),
    ("silence", Delivery.SILENCE, None, 0),
    ("lost_answer", Delivery.SILENCE, None, 1),
    ("late", Delivery.SILENCE, None, 0),
    ("slow", Delivery.WHOLE, 202, 1),
    ("trickle", Delivery.TRICKLE, 202, 1),
    ("endless", Delivery.ENDLESS, 202, 1),
    ("cut", Delivery.CUT, 202, 1),
]


@pytest.mark.parametrize(("name", "status", "kind"), [*EDGE, *SERVER, *AFTER])
def test_answers_that_stand_in_for_the_true_one(emulator, make, name, status, kind):
    """The answer has its status and form; what says `after` was processed all the same."""
    emulator.inject(name)
    plan = emulator.receive(make.request())
    assert (plan.status, plan.delivery) == (status, WHOLE)
    assert plan.reply.headers.get("content-type") == kind
    assert bool(plan.reply.body) is (kind is not None)
    assert len(emulator.events()) == name.endswith("_after")
    assert (plan.reply.headers.get("cf-mitigated") == "challenge") is (name == "html_403")


@pytest.mark.parametrize(
    ("name", "status", "wait"),
    [
        *((name, 429, wait) for name, wait in THROTTLED),
        ("throttled_bare", 429, None),
        ("busy", 503, "1"),
    ],
)
def test_answers_that_ask_to_wait(emulator, make, name, status, wait):
    """A 429 or 503 asks to wait for so long, or doesn't say; nothing is processed."""
    emulator.inject(name)
    plan = emulator.receive(make.request())
    assert (plan.status, plan.reply.headers.get("retry-after")) == (status, wait)
    assert emulator.events() == []


@pytest.mark.parametrize(("name", "delivery", "status", "taken"), CARRIED)
def test_faults_of_the_connection(emulator, make, name, delivery, status, taken):
    """The plan says how the answer fares; the request is processed before it or not at all."""
    emulator.inject(name)
    plan = emulator.receive(make.request())
    assert (plan.delivery, plan.status) == (delivery, status)
    assert len(emulator.events()) == taken
    assert (emulator.requests()[0].status, emulator.requests()[0].fault) == (status, name)


def test_every_fault_is_tested():
    """No fault is missing from the tables above, and each has a summary."""
    tables = {name for table in (EDGE, SERVER, AFTER, THROTTLED, CARRIED) for name, *_ in table}
    assert tables | {"throttled_bare", "busy"} == FAULTS.keys()
    assert SUMMARIES.keys() == FAULTS.keys() | {"poison"}


def test_late_is_processed_when_the_client_has_gone(emulate, make):
    """What is processed late is accepted then, and counted then."""
    emulator = emulate(delay=7)
    emulator.inject("late")
    plan = emulator.receive(make.request())
    before = emulator.requests()[0]
    plan.after_hangup()
    after = emulator.requests()[0]
    assert (plan.hangup_delay, len(emulator.events())) == (7, 1)
    assert (before.processed, after.processed) == (None, 202)


@pytest.mark.parametrize(("repeats", "processed"), [("fail", 400), ("drop", 202)])
def test_late_after_its_retry(emulate, make, repeats, processed):
    """What is processed after the retry was accepted is judged as a repeat."""
    emulator = emulate(repeats=repeats)
    emulator.inject("late")
    plan = emulator.receive(make.request())
    assert emulator.receive(make.request()).status == 202
    plan.after_hangup()
    assert emulator.requests()[0].processed == processed
    assert len(emulator.events()) == 1


def test_late_after_a_reset(emulator, make):
    """What arrived before a reset isn't processed after it."""
    emulator.inject("late")
    plan = emulator.receive(make.request())
    emulator.reset()
    plan.after_hangup()
    assert (emulator.events(), emulator.summary()["accepted"]) == ([], 0)


def test_slow_and_trickling_take_their_time_from_the_settings(emulate, make):
    """`delay` and `pause` are those of the settings; only what is slow is delayed."""
    emulator = emulate(delay=3, pause=0.5)
    plans = {}
    for name in ("slow", "trickle"):
        emulator.inject(name)
        plans[name] = emulator.receive(make.request())
    assert (plans["slow"].delay, plans["trickle"].delay) == (3, 0)
    assert plans["trickle"].pause == 0.5


def test_injected_faults_come_in_order_before_drawn_ones(emulate, make):
    """What was asked for comes first, as often as it was asked for."""
    emulator = emulate(faults={"html_502": 1.0})
    emulator.inject("html_404", times=2)
    emulator.inject("html_500")
    statuses = [emulator.receive(make.request()).status for _ in range(4)]
    assert statuses == [404, 404, 500, 502]
    assert emulator.summary()["faults"] == {"html_404": 2, "html_500": 1, "html_502": 1}


def test_a_throttled_request_meets_no_fault(emulate, make):
    """A request that the windows refuse leaves the faults for the next one."""
    emulator = emulate(rates=[Rate(1, 60)])
    emulator.receive(make.request())
    emulator.inject("html_502")
    assert [emulator.receive(make.request()).status for _ in range(2)] == [429, 429]
    emulator.reset()
    assert emulator.receive(make.request()).status == 202


def test_probabilities_are_kept_to(emulate, make):
    """Each fault comes as often as its probability says, and none more often."""
    emulator = emulate(faults={"html_502": 0.2, "json_500": 0.1, "reset_after": 0.0})
    drawn = Counter(emulator.receive(make.request()).status for _ in range(2_000))
    assert drawn[502] == pytest.approx(400, rel=0.2)
    assert drawn[500] == pytest.approx(200, rel=0.2)
    assert emulator.summary()["faults"].keys() == {"html_502", "json_500"}


def test_the_same_seed_draws_the_same_faults(emulate, make):
    """The seed decides which requests meet which fault."""

    def statuses(seed):
        emulator = emulate(seed=seed, repeats="drop", faults={"html_502": 0.5})
        return [emulator.receive(make.request()).status for _ in range(64)]

    assert statuses(1) == statuses(1) != statuses(2)


def test_faults_can_be_changed_while_it_runs(emulate, make):
    """New probabilities replace the old; a reset keeps them, and drops what was asked for."""
    emulator = emulate(faults={"html_502": 1.0})
    emulator.set_faults({"html_404": 1.0})
    emulator.inject("html_500")
    emulator.reset()
    assert emulator.receive(make.request()).status == 404
    assert emulator.faults == {"html_404": 1.0}


@pytest.mark.parametrize(
    "faults",
    [
        {"html_999": 0.1},
        {"slow": -0.1},
        {"slow": 1.1},
        {"slow": float("nan")},
        {"slow": 0.6, "html_502": 0.6},
    ],
)
def test_impossible_faults(emulator, faults):
    """An unknown name, and what is no probability or more than one altogether, is an error."""
    with pytest.raises(ConfigurationError):
        Settings(faults=faults)
    with pytest.raises(ConfigurationError):
        emulator.set_faults(faults)


def test_probabilities_may_add_up_to_one(emulator):
    """Ten times a tenth is one, whatever floats say; poison isn't part of the sum."""
    names = list(FAULTS)[:10]
    emulator.set_faults({**dict.fromkeys(names, 0.1), "poison": 1.0})
    assert len(emulator.faults) == 11


def test_an_unknown_fault_is_named_with_the_known_ones(emulator):
    """Asking for an unknown fault tells which there are."""
    with pytest.raises(ConfigurationError, match=r"html_99.*html_502"):
        emulator.inject("html_99")


@pytest.mark.parametrize(
    "settings",
    [
        {"repeats": "ignore"},
        {"name_faults": "some"},
        {"pointers": "far"},
        {"keep": -1},
        {"delay": -1.0},
        {"pause": float("nan")},
    ],
)
def test_impossible_settings(settings):
    """A setting that means nothing is an error."""
    with pytest.raises(ValueError, match=next(iter(settings))):
        Settings(**settings)


def test_settings_do_not_show_the_key():
    """The key stands in no repr."""
    assert "s3cret" not in repr(Settings(api_key="s3cret"))
