"""What the pages' readers have: an emulator instead of Klaviyo, a Redis, a PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from klaviyo_bulk_events.emulator import Emulator, Running, Settings, running
from tests import redis_server
from tests.docs import shop
from tests.docs.postgresql_server import postgresql
from tests.docs.reader import Reader


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of the tests' own."""
    with redis_server.running() as server:
        yield server.url.removesuffix("/0")


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, str]]:
    """The variables of a PostgreSQL of the tests' own."""
    with postgresql() as variables:
        yield variables


@pytest.fixture(scope="session")
def served() -> Iterator[Running]:
    """The emulator that a page's commands reach, unless the page starts one."""
    with running(Settings(rates=(), seed=1)) as served:
        yield served


@pytest.fixture
def emulator(served: Running) -> Emulator:
    """The same, with nothing in its memory."""
    served.emulator.reset()
    return served.emulator


@pytest.fixture
def reader(
    served: Running, emulator: Emulator, redis_url: str, postgres: dict[str, str], tmp_path: Path
) -> Iterator[Reader]:
    """Somebody with a shop, a key, and the servers that the pages talk of."""
    shop.furnish(tmp_path, postgres)
    environment = {
        **postgres,
        "KLAVIYO_API_KEY": "pk_0123456789abcdef",
        "KLAVIYO_BASE_URL": served.url,
        "SHOP_1_KEY": "pk_1111111111111111",
    }
    stand_ins = {
        "redis://redis.internal": redis_url,
        "/var/lib/shop/": f"{tmp_path}/",
        "/run/secrets/": f"{tmp_path}/",
    }
    with Reader(tmp_path, environment, stand_ins) as reader:
        yield reader
