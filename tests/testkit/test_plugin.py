"""The fixture, as a project that has the package meets it."""

from tests.testkit.conftest import RunProject

APPLICATION = """
from klaviyo_bulk_events import Event, KlaviyoBulkEvents, Profile

def order_placed(number, email):
    order = Event(
        metric="Placed Order",
        profile=Profile(email=email),
        properties={"OrderId": number},
        unique_id=f"order-{number}",
    )
    with KlaviyoBulkEvents() as klaviyo:
        klaviyo.send([order], backfill=False)
"""


def test_an_application_is_tested_as_it_is(run_project: RunProject) -> None:
    """It finds the emulator by the environment; what one test sent is not seen by the next."""
    test_shop = """
import os

import pytest

from shop import order_placed

@pytest.mark.parametrize("number", range(3))
def test_an_order_reaches_klaviyo(klaviyo_emulator, number):
    order_placed(number, "ada@shop.org")
    klaviyo_emulator.assert_received({"profile.email": "ada@shop.org"})
    assert len(klaviyo_emulator.requests) == 1

def test_it_is_gone_afterwards():
    assert "KLAVIYO_BASE_URL" not in os.environ
"""
    ran = run_project("-W", "error", shop=APPLICATION, test_shop=test_shop)
    assert ran.returncode == 0, ran.stdout
    assert "4 passed" in ran.stdout


def test_a_failure_shows_the_differences_and_no_inside(run_project: RunProject) -> None:
    test_shop = """
from shop import order_placed

def test_an_order_reaches_klaviyo(klaviyo_emulator):
    order_placed("1042", "ada@shop.org")
    klaviyo_emulator.assert_received({"properties": {"OrderId": 1042}})
"""
    ran = run_project(shop=APPLICATION, test_shop=test_shop)
    assert ran.returncode == 1
    assert "differs: Placed Order of ada@shop.org (order-1042)" in ran.stdout
    assert "properties.OrderId: expected 1042, received '1042'" in ran.stdout
    assert "testing/kit.py" not in ran.stdout


def test_settings_are_overridden_where_fixtures_are(run_project: RunProject) -> None:
    """For a project, a class, a test; and each has the emulator that it asked for."""
    test_settings = """
import pytest

from klaviyo_bulk_events.testing import Settings
class TestStrict:
    @pytest.fixture
    def klaviyo_emulator_settings(self):
        return Settings(rates=(), api_key="pk_of_a_class", faults={"html_503": 0.0})

    def test_one(self, klaviyo_emulator):
        assert klaviyo_emulator.key == "pk_of_a_class"

@pytest.mark.parametrize("klaviyo_emulator_settings", [Settings(repeats="drop")])
def test_two(klaviyo_emulator):
    assert klaviyo_emulator.core.settings.repeats == "drop"

def test_three(klaviyo_emulator):
    assert klaviyo_emulator.core.settings.rates == ()
    assert klaviyo_emulator.core.settings.api_key is None
"""
    ran = run_project("-W", "error", test_settings=test_settings)
    assert ran.returncode == 0, ran.stdout


def test_faults_end_with_the_test(run_project: RunProject) -> None:
    test_faults = """
import httpx
import pytest

@pytest.mark.parametrize("fault", ["html_403", "poison", "html_500"])
def test_each(klaviyo_emulator, fault):
    event = {"metric": "Active", "profile": {"email": "ada@shop.org"}, "unique_id": fault}
    with klaviyo_emulator.client() as client:
        assert client.send([{**event, "time": "2026-01-02T03:04:05Z"}], backfill=True).accepted == 1
    klaviyo_emulator.inject(fault, times=100)
    klaviyo_emulator.refuse(lambda event: True)
    klaviyo_emulator.core.set_faults({"silence": 1.0})
    httpx.post(f"{klaviyo_emulator.url}/emulator/pause")
"""
    ran = run_project(test_faults=test_faults)
    assert ran.returncode == 0, ran.stdout


def test_what_a_pause_holds_is_not_seen_by_the_next_test(run_project: RunProject) -> None:
    """Nor what else is under way."""
    test_pause = """
import threading
import time

import httpx
import pytest

EVENT = {"metric": "Active", "profile": {"email": "ada@shop.org"}, "time": "2026-01-02T03:04:05Z"}

DEADLINE = 0.1

def send(emulator, number):
    with emulator.client(deadline=DEADLINE) as client:
        client.send([{**EVENT, "unique_id": str(number)}], backfill=True)

@pytest.mark.parametrize("turn", range(4))
def test_each(klaviyo_emulator, turn):
    klaviyo_emulator.assert_received()
    pause = f"{klaviyo_emulator.url}/emulator/pause"
    httpx.post(pause)
    for number in range(4):
        threading.Thread(target=send, args=(klaviyo_emulator, number), daemon=True).start()
    while httpx.post(pause).json()["held"] < 4:
        time.sleep(0.01)
    time.sleep(DEADLINE)  # What is broken off before is sent again, and then is new.

def test_then(klaviyo_emulator):
    time.sleep(0.5)
    assert klaviyo_emulator.requests == []
"""
    ran = run_project(test_pause=test_pause)
    assert ran.returncode == 0, ran.stdout


def test_what_a_predicate_raises_is_raised(run_project: RunProject) -> None:
    """By `assert_received`, or else after the test; the client is told nothing of it."""
    test_predicate = """
EVENT = {"metric": "Active", "profile": {"email": "ada@shop.org"}, "time": "2026-01-02T03:04:05Z"}

def send(emulator):
    emulator.refuse(lambda event: event.properties["missing"])
    with emulator.client() as client:
        assert client.send([EVENT], backfill=True).accepted == 1

def test_asserting(klaviyo_emulator):
    send(klaviyo_emulator)
    klaviyo_emulator.assert_received(EVENT)

def test_not_asserting(klaviyo_emulator):
    send(klaviyo_emulator)

def test_next(klaviyo_emulator):
    klaviyo_emulator.assert_received()
"""
    ran = run_project("-rN", test_predicate=test_predicate)
    assert "1 failed, 2 passed, 1 error" in ran.stdout
    assert ran.stdout.count("given to refuse() raised this") == 2


def test_every_process_of_a_run_has_its_own(run_project: RunProject) -> None:
    """Spread by pytest-xdist, tests don't see what others send."""
    test_many = """
import time

import pytest

@pytest.mark.parametrize("number", range(8))
def test_alone(klaviyo_emulator, number, worker_id):
    assert worker_id != "master"
    event = {"metric": "Active", "profile": {"email": "ada@shop.org"}, "time": "2026-01-02T00:00Z"}
    with klaviyo_emulator.client() as client:
        client.send([{**event, "unique_id": str(number)}], backfill=True)
        time.sleep(0.05)
    klaviyo_emulator.assert_received({"unique_id": str(number)})
"""
    ran = run_project("-n", "2", test_many=test_many)
    assert ran.returncode == 0, ran.stdout
    assert "8 passed" in ran.stdout


def test_what_is_not_installed_is_said_where_it_is_asked_for(run_project: RunProject) -> None:
    """And nobody else is troubled."""
    conftest = """
import sys

sys.modules.update(dict.fromkeys(["jsonschema_rs", "starlette", "uvicorn"]))
"""
    test_without = """
def test_that_asks(klaviyo_emulator):
    pass

def test_that_does_not():
    pass
"""
    ran = run_project(conftest=conftest, test_without=test_without)
    assert "1 passed, 1 error" in ran.stdout
    assert "pip install 'klaviyo-bulk-events[testing]'" in ran.stdout


def test_who_does_not_use_it_pays_nothing(run_project: RunProject) -> None:
    """Every run of pytest imports what is found, in whatever project."""
    test_nothing = """
import sys

def test_nothing():
    heavy = {"httpx", "uvicorn", "starlette", "jsonschema_rs", "orjson", "attrs", "attr"}
    assert not heavy & sys.modules.keys()
    assert "klaviyo_bulk_events.testing.plugin" in sys.modules
"""
    ran = run_project(test_nothing=test_nothing)
    assert ran.returncode == 0, ran.stdout


def test_the_fixtures_are_listed(run_project: RunProject) -> None:
    """With what they are, as `pytest --fixtures` shows."""
    listed = run_project("--fixtures").stdout
    assert "An emulator of Klaviyo's endpoint on a free port, as new." in listed
