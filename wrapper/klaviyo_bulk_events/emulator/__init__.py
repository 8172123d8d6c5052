"""An emulator of Klaviyo's endpoint for bulk events, faults included."""

from importlib.util import find_spec

from klaviyo_bulk_events.errors import ConfigurationError

if not all(map(find_spec, ("jsonschema_rs", "starlette", "uvicorn"))):
    raise ConfigurationError(
        "the emulator needs an extra: pip install 'klaviyo-bulk-events[emulator]'"
    )

from klaviyo_bulk_events.emulator.core import Emulator
from klaviyo_bulk_events.emulator.faults import SUMMARIES
from klaviyo_bulk_events.emulator.keys import Key
from klaviyo_bulk_events.emulator.ledger import RequestRecord
from klaviyo_bulk_events.emulator.memory import Event
from klaviyo_bulk_events.emulator.server import Running, running, serve
from klaviyo_bulk_events.emulator.settings import Settings

__all__ = [
    "SUMMARIES",
    "Emulator",
    "Event",
    "Key",
    "RequestRecord",
    "Running",
    "Settings",
    "running",
    "serve",
]
