"""The emulator as an httpx transport: requests that reach it without a socket."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import repeat
from typing import Final

import httpx

from klaviyo_bulk_events.emulator import Emulator
from klaviyo_bulk_events.emulator.messages import Delivery, Plan, Reply, Request

_MORE: Final = 1 << 16
"""Bytes in which an answer comes that never ends."""
_ENOUGH: Final = 64
"""So often, which is 4 MB: whoever reads on would read for ever."""


class EmulatorTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Takes requests to any URL, for blocking clients and for asyncio.

    No fault takes time: what would never be answered, or later than the request's timeout, raises
    `httpx.ReadTimeout` at once, a delay that the client would sit out is none, and an answer that
    trickles in is there at once. One that never ends raises it after 4 MB.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the emulator does, or break off as its faults do."""
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The same for asyncio."""
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        plan = self._emulator.receive(Request(request.method, request.url.path, headers, body))
        if plan.delivery is Delivery.RESET:
            raise httpx.ReadError("the connection was reset", request=request)
        if plan.after_hangup is not None:
            plan.after_hangup()
        if plan.reply is None or plan.delivery is Delivery.SILENCE or _is_late(plan, request):
            raise httpx.ReadTimeout("no answer came in time", request=request)
        return httpx.Response(
            plan.reply.status,
            headers=dict(plan.reply.headers),
            stream=_Answer(plan.reply, plan.delivery),
            request=request,
        )


def _is_late(plan: Plan, request: httpx.Request) -> bool:
    patience = request.extensions.get("timeout", {}).get("read")
    return patience is not None and plan.delay >= patience


class _Answer(httpx.SyncByteStream, httpx.AsyncByteStream):
    """An answer's body, as it comes or fails to come to its end."""

    def __init__(self, reply: Reply, delivery: Delivery) -> None:
        self._body = reply.body
        self._delivery = delivery

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        if self._delivery is Delivery.CUT:
            raise httpx.RemoteProtocolError("the answer broke off")
        if self._delivery is Delivery.ENDLESS:
            yield from repeat(b" " * _MORE, _ENOUGH)
            raise httpx.ReadTimeout("the answer did not end in time")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part
            await asyncio.sleep(0)
