"""The emulator as an ASGI application: the endpoint, its control under /emulator, and a page."""

from collections.abc import Iterable
from typing import Final

from attrs import frozen
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from klaviyo_bulk_events.emulator import control, inspector
from klaviyo_bulk_events.emulator.core import Emulator
from klaviyo_bulk_events.emulator.delivery import Wire
from klaviyo_bulk_events.emulator.hosts import HostCheck
from klaviyo_bulk_events.emulator.messages import Request as Received
from klaviyo_bulk_events.emulator.origins import OriginCheck
from klaviyo_bulk_events.emulator.pausing import Barrier
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.limits import REQUEST_BYTES

_ENOUGH: Final = REQUEST_BYTES.value + 1


def application(emulator: Emulator, allow_hosts: Iterable[str] = ()) -> Starlette:
    """An application for this emulator that answers to loopback names and to these."""
    barrier = Barrier()
    return Starlette(
        routes=[
            Mount("/emulator", routes=control.Control(emulator, barrier).routes()),
            *inspector.routes(emulator, barrier),
            Route("/{path:path}", Endpoint(emulator, barrier)),
        ],
        middleware=[
            Middleware(HostCheck, allowed=allow_hosts),
            Middleware(OriginCheck, folders=("/api", "/emulator", "/inspector")),
        ],
        exception_handlers={ConfigurationError: control.refuse},
    )


@frozen
class Endpoint:
    """Reads a request, lets the core decide, and carries out its plan."""

    emulator: Emulator
    barrier: Barrier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its time of arrival is when its head was there."""
        arrived = self.emulator.now()
        request = Request(scope, receive)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            body = await _read(request)
        except ClientDisconnect:
            self.emulator.abandon(Received(request.method, scope["path"], headers, b""), arrived)
            return
        if self.barrier.is_down:
            if not await self.barrier.passed(receive):
                return
            arrived = self.emulator.held(arrived)
        received = Received(request.method, scope["path"], headers, body)
        await Wire(scope, receive, send).carry_out(self.emulator.receive(received, arrived))


async def _read(request: Request) -> bytes:
    """The body, up to one byte more than the endpoint takes; the rest is read and let go."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk[: _ENOUGH - len(body)]
    return bytes(body)
