"""Batches against an emulator, and ledgers of every kind."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from klaviyo_bulk_events import KlaviyoBulkEvents
from klaviyo_bulk_events.arrow.store import Store, store_at
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.testing import KlaviyoEmulator
from tests import redis_server
from tests.redis_server import RedisServer

KEY = "pk_0123456789abcdef0123456789abcdef"


@pytest.fixture
def emulated(klaviyo_emulator: KlaviyoEmulator) -> Running:
    """An emulator without limits of rate, as new."""
    return Running(klaviyo_emulator.url, klaviyo_emulator.core)


@pytest.fixture
def client(emulated: Running) -> Iterator[KlaviyoBulkEvents]:
    with KlaviyoBulkEvents(KEY, base_url=emulated.url, rates=["1000/s"]) as client:
        yield client


@pytest.fixture
def hurried(emulated: Running) -> dict[str, Any]:
    """The settings of a client that waits for no Retry-After."""
    settings = {"rates": ["1000/s"], "deadline": 0.9}
    return {"api_key": KEY, "base_url": emulated.url, **settings}


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    with redis_server.running() as server:
        yield server


OpenStore = Callable[[], Store]


@pytest.fixture(params=["file", "sqlite", "redis"])
def open_store(
    request: pytest.FixtureRequest, tmp_path: Path, run_name: str
) -> Iterator[OpenStore]:
    """Opens the same ledger again, as another process would; of each kind."""
    if request.param == "redis":
        where = request.getfixturevalue("redis").url
    else:
        where = {"file": f"file:{tmp_path}/chunks", "sqlite": f"sqlite:///{tmp_path}/chunks.db"}[
            request.param
        ]
    opened: list[Store] = []

    def again() -> Store:
        opened.append(store_at(where))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def run_name() -> str:
    """A run's name that no other test has."""
    return f"run-{uuid4().hex}"
