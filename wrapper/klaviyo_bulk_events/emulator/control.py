"""What can be asked of a running emulator over HTTP."""

from typing import Any, Final

import orjson
from attrs import asdict, frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from klaviyo_bulk_events.emulator.core import Emulator
from klaviyo_bulk_events.emulator.misfortune import check_name
from klaviyo_bulk_events.emulator.pausing import Barrier
from klaviyo_bulk_events.errors import ConfigurationError

_DEFAULT_LIMIT: Final = 1_000


@frozen
class Control:
    """Each method answers one route; what makes no sense is answered 400 with the reason."""

    emulator: Emulator
    barrier: Barrier

    def routes(self) -> list[Route]:
        """The routes, without their common prefix."""
        return [
            Route("/summary", self.summary),
            Route("/events", self.events),
            Route("/requests", self.requests),
            Route("/poisoned", self.poisoned),
            Route("/reset", self.reset, methods=["POST"]),
            Route("/pause", self.pause, methods=["POST"]),
            Route("/resume", self.resume, methods=["POST"]),
            Route("/faults", self.faults),
            Route("/faults", self.set_faults, methods=["PUT"]),
            Route("/faults", self.inject, methods=["POST"]),
        ]

    async def summary(self, _: Request) -> Response:
        """Answer counts over everything."""
        return _json(self.emulator.summary())

    async def events(self, request: Request) -> Response:
        """Answer events, oldest first, by `profile`, `metric` and `unique_id`.

        `limit` of them, 1,000 unless it says otherwise, after the first `offset`.
        """
        query = request.query_params
        found = self.emulator.events(
            query.get("profile"), query.get("metric"), query.get("unique_id"), **_page(request)
        )
        return _json([event._asdict() for event in found])

    async def requests(self, request: Request) -> Response:
        """Answer requests, oldest first; `limit` and `offset` as for events."""
        return _json([asdict(record) for record in self.emulator.requests(**_page(request))])

    async def poisoned(self, _: Request) -> Response:
        """Answer the keys of the events that were refused as poison."""
        return _json([key._asdict() for key in sorted(self.emulator.poisoned())])

    async def reset(self, _: Request) -> Response:
        """Forget what was received, break off what is held, and answer the counts, which are 0."""
        self.emulator.reset()
        self.barrier.let_go()
        return _json(self.emulator.summary())

    async def pause(self, _: Request) -> Response:
        """Hold requests from now on: they are neither answered nor counted until `resume`."""
        self.barrier.lower()
        return _json(self.barrier.state())

    async def resume(self, _: Request) -> Response:
        """Let through what was held, as if it came now."""
        self.barrier.lift()
        return _json(self.barrier.state())

    async def faults(self, _: Request) -> Response:
        """Answer the probabilities of the faults that are on."""
        return _json(self.emulator.faults)

    async def set_faults(self, request: Request) -> Response:
        """Take a probability for each fault that is to be on."""
        faults = await _object(request)
        if not all(isinstance(value, int | float) for value in faults.values()):
            raise ConfigurationError("a fault needs a probability, 0 to 1")
        self.emulator.set_faults(faults)
        return _json(self.emulator.faults)

    async def inject(self, request: Request) -> Response:
        """Take a number of next requests for each fault that they are to meet."""
        faults = await _object(request)
        for name, times in faults.items():
            check_name(name)
            if type(times) is not int or times < 0:
                raise ConfigurationError(f"{name} needs a number of requests, not {times}")
        for name, times in faults.items():
            self.emulator.inject(name, times)
        return _json(faults)


async def refuse(_: Request, error: Exception) -> Response:
    """Answer what made no sense."""
    return _json({"error": str(error)}, 400)


def _json(content: Any, status: int = 200) -> Response:
    text = orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)
    return Response(text, status, media_type="application/json")


async def _object(request: Request) -> dict[str, Any]:
    try:
        content = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise ConfigurationError("the body must be a JSON object with the names of faults")
    return content


_DIGITS: Final = 18
"""Of numbers that make sense: two of them add up to one that `islice` takes."""


def _page(request: Request) -> dict[str, int]:
    defaults = {"limit": _DEFAULT_LIMIT, "offset": 0}
    page = {name: request.query_params.get(name, str(value)) for name, value in defaults.items()}
    if not all(text.isdecimal() and len(text) <= _DIGITS for text in page.values()):
        raise ConfigurationError("limit and offset need whole numbers")
    return {name: int(text) for name, text in page.items()}
