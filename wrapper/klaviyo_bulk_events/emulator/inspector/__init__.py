"""The emulator's page: what it receives, live, and what it can be told to do."""

from starlette.routing import BaseRoute, Mount, Route

from klaviyo_bulk_events.emulator.core import Emulator
from klaviyo_bulk_events.emulator.inspector import page
from klaviyo_bulk_events.emulator.inspector.stream import Bell, Stream
from klaviyo_bulk_events.emulator.inspector.switches import Switches
from klaviyo_bulk_events.emulator.inspector.views import Views
from klaviyo_bulk_events.emulator.pausing import Barrier


def routes(emulator: Emulator, barrier: Barrier) -> list[BaseRoute]:
    """The page at /, and what it is made of under /inspector."""
    bell = Bell()
    emulator.listeners.add(bell.ring)
    barrier.listeners.add(bell.ring)
    parts = [
        Route("/stream", Stream(emulator, barrier, bell)),
        Route("/static/{name}", page.static),
        *Views(emulator).routes(),
        *Switches(emulator).routes(),
    ]
    return [Route("/", page.index, methods=["GET"]), Mount("/inspector", routes=parts)]
