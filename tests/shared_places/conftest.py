"""Places that several processes share, on a clock that only the test moves."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest

from klaviyo_bulk_events.limiting import LimiterUrl
from klaviyo_bulk_events.places import Places
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.shared_places.redis import RedisPlaces
from klaviyo_bulk_events.shared_places.sqlite import SQLitePlaces
from tests import redis_server
from tests.redis_server import RedisServer

AnyPlaces = TypeVar("AnyPlaces", bound=Places)
Clock = Callable[[], float]
Make = Callable[[float, Clock], Callable[[Iterable[Rate]], Places]]
"""From a lease and a clock to what makes the places of one more process, under some rates."""

OPENED: list[Places] = []


def opened(places: AnyPlaces) -> AnyPlaces:
    """The places, which are closed at the end of the test."""
    OPENED.append(places)
    return places


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    with redis_server.running() as server:
        yield server


def sqlite_places(folder: Path) -> Make:
    def share(lease: float, clock: Clock) -> Callable[[Iterable[Rate]], Places]:
        path = folder / f"{uuid4().hex}.db"

        def make(rates: Iterable[Rate]) -> Places:
            return opened(SQLitePlaces(path, "account", rates, lease, clock, lambda: "boot"))

        return make

    return share


def redis_places(server: RedisServer) -> Make:
    def share(lease: float, clock: Clock) -> Callable[[Iterable[Rate]], Places]:
        account = uuid4().hex

        def make(rates: Iterable[Rate]) -> Places:
            url = LimiterUrl(f"{server.url}?time=command")
            places = opened(RedisPlaces(url, account, rates, lease, clock))
            places._time = lambda: f"{clock():.6f}"  # type: ignore[method-assign]
            return places

        return make

    return share


@pytest.fixture(params=["sqlite", "redis"])
def share(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Places of either kind."""
    if request.param == "sqlite":
        yield sqlite_places(tmp_path)
    else:
        yield redis_places(request.getfixturevalue("redis"))
