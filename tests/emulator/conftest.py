"""An emulator on a clock that is set by hand, and documents to send to it."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from klaviyo_bulk_events.emulator import Emulator, Settings
from klaviyo_bulk_events.emulator.messages import Plan
from tests.documents import Clock, Documents, Json


@pytest.fixture(scope="session")
def make() -> Documents:
    """Makes requests and their parts."""
    return Documents()


@pytest.fixture
def clock() -> Clock:
    """A clock to be set by hand."""
    return Clock()


@pytest.fixture
def emulate(clock: Clock) -> Callable[..., Emulator]:
    """Makes an emulator with these settings, the clock, and no rate limit unless one is given."""

    def emulate(**settings: Any) -> Emulator:
        return Emulator(Settings(**{"rates": (), "seed": 1, **settings}), clock=clock)

    return emulate


@pytest.fixture
def emulator(emulate: Callable[..., Emulator]) -> Emulator:
    """An emulator without rate limit and faults."""
    return emulate()


@pytest.fixture(scope="session")
def errors() -> Callable[[Plan], list[Json]]:
    """Reads the errors that a plan's reply tells."""

    def errors(plan: Plan) -> list[Json]:
        assert plan.reply is not None
        assert plan.reply.headers["content-type"] == "application/vnd.api+json"
        found: list[Json] = orjson.loads(plan.reply.body)["errors"]
        return found

    return errors
