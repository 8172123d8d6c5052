"""For the tests of whoever sends events: an emulator of the endpoint that says what it received.

pytest finds the fixture `klaviyo_emulator` by itself. It takes
`pip install 'klaviyo-bulk-events[testing]'`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from klaviyo_bulk_events.emulator import Settings
    from klaviyo_bulk_events.testing.kit import KlaviyoEmulator
    from klaviyo_bulk_events.testing.transport import EmulatorTransport

__all__ = ["EmulatorTransport", "KlaviyoEmulator", "Settings"]

# pytest imports this in every run of everybody who has the package, used or not.
_WHERE = {
    "EmulatorTransport": "klaviyo_bulk_events.testing.transport",
    "KlaviyoEmulator": "klaviyo_bulk_events.testing.kit",
    "Settings": "klaviyo_bulk_events.emulator",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
