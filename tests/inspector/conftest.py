"""An emulator with a page, asked without a socket or behind one."""

import asyncio

import httpx
import pytest

from klaviyo_bulk_events.emulator import Emulator, Settings, running
from klaviyo_bulk_events.emulator.app import application
from tests.documents import Clock, Documents


@pytest.fixture(scope="session")
def make():
    """Makes requests and their parts."""
    return Documents()


@pytest.fixture
def clock():
    """A clock to be set by hand."""
    return Clock()


@pytest.fixture
def emulate(clock):
    """Makes an emulator with these settings, the clock, and no rate limit unless one is given."""
    return lambda **settings: Emulator(
        Settings(**{"rates": (), "seed": 1, **settings}), clock=clock
    )


@pytest.fixture
def emulator(emulate):
    """An emulator without rate limit and faults."""
    return emulate()


@pytest.fixture
def server():
    """A running emulator."""
    with running(Settings(rates=(), delay=0.05)) as server:
        yield server


@pytest.fixture(scope="session")
def call():
    """Sends one request to an emulator's application."""

    def call(emulator, method, url, **options):
        async def send():
            transport = httpx.ASGITransport(application(emulator))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                return await client.request(method, url, **options)

        return asyncio.run(send())

    return call


@pytest.fixture(scope="session")
def get(call):
    """Reads what a view of the inspector answers."""

    def get(emulator, path, **query):
        return call(emulator, "GET", f"/inspector/{path}", params=query).json()

    return get
