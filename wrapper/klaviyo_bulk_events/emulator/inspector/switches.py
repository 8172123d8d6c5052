"""What the page's buttons for faults do: each its own part, whatever else is on by then."""

from typing import Any

import orjson
from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from klaviyo_bulk_events.emulator.core import Emulator
from klaviyo_bulk_events.emulator.faults import POISON
from klaviyo_bulk_events.emulator.inspector.page import SECURITY
from klaviyo_bulk_events.errors import ConfigurationError


@frozen
class Switches:
    """Each method answers one route with the faults that are on then, and those asked for."""

    emulator: Emulator

    def routes(self) -> list[Route]:
        """The routes, without their common prefix."""
        return [
            Route("/faults", self.put_off, methods=["DELETE"]),
            Route("/faults/{name}", self.put_on, methods=["PUT"]),
        ]

    async def put_on(self, request: Request) -> Response:
        """Take the probability of one fault; at 1 it replaces others of whole requests."""
        name = request.path_params["name"]
        probability = _probability(await request.body())
        # Nothing is awaited from here on: another request would change what is on.
        faults = self.emulator.faults
        if probability == 1 and name != POISON:
            faults = {each: share for each, share in faults.items() if each == POISON}
        self.emulator.set_faults({**faults, name: probability})
        return self._told()

    async def put_off(self, _: Request) -> Response:
        """Have no request meet a fault any more, the next ones neither."""
        self.emulator.call_off()
        self.emulator.set_faults({})
        return self._told()

    def _told(self) -> Response:
        news = self.emulator.news()
        content = orjson.dumps({"faults": news.faults, "asked": news.asked})
        return Response(content, headers=SECURITY, media_type="application/json")


def _probability(body: bytes) -> float:
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError("the body must be a probability, 0 to 1")
    return value
