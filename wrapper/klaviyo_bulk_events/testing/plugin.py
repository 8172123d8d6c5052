"""The fixtures that pytest finds by itself."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from klaviyo_bulk_events.emulator import Settings
    from klaviyo_bulk_events.testing.kit import KlaviyoEmulator
    from klaviyo_bulk_events.testing.servers import Servers

_EXTRA = "klaviyo_emulator needs an extra: pip install 'klaviyo-bulk-events[testing]'"


@pytest.fixture(scope="session")
def _klaviyo_servers() -> "Iterator[Servers]":
    from klaviyo_bulk_events.errors import ConfigurationError

    try:
        from klaviyo_bulk_events.testing.servers import Servers
    except ConfigurationError:
        pytest.fail(_EXTRA, pytrace=False)
    with ExitStack() as stack:
        yield Servers(stack)


@pytest.fixture(scope="session")
def klaviyo_emulator_settings(_klaviyo_servers: "Servers") -> "Settings":
    """What the emulator is told to be, for a project to override; without limits of rate."""
    from klaviyo_bulk_events.emulator import Settings

    return Settings(rates=(), seed=1)


@pytest.fixture
def klaviyo_emulator(
    _klaviyo_servers: "Servers",
    klaviyo_emulator_settings: "Settings",
    monkeypatch: pytest.MonkeyPatch,
) -> "Iterator[KlaviyoEmulator]":
    """An emulator of Klaviyo's endpoint on a free port, as new.

    During the test KLAVIYO_BASE_URL and KLAVIYO_API_KEY name it, so that a client made without
    arguments sends to it.
    """
    emulator = _klaviyo_servers.emulator(klaviyo_emulator_settings)
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    yield emulator
    emulator.core.check_predicate()
