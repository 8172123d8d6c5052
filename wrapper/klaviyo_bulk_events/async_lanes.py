"""I/O in an event loop: connections whose requests end in time, whatever the server does."""

import asyncio
import ssl
from collections.abc import Callable

import httpx

from klaviyo_bulk_events.answers import NoAnswer, Reply
from klaviyo_bulk_events.endpoint import (
    CONNECT_SECONDS,
    Endpoint,
    Received,
    no_answer,
    no_token,
)

Verification = ssl.SSLContext | bool


class Lent(httpx.AsyncBaseTransport):
    """A transport that others use, too: whoever closes this leaves it open."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Let the other do it."""
        return await self._transport.handle_async_request(request)


class AsyncLanes:
    """Connections to one endpoint, opened when they are first needed, and again after a rest.

    `verify` makes what verifies the server; those who have many accounts share one.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        seconds: float,
        kept: int,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._endpoint = endpoint
        self._seconds = seconds
        self._kept = kept
        self._transport = transport
        self.verify: Callable[[], Verification] = endpoint.ssl_context
        self._under_way = 0
        self._http: httpx.AsyncClient | None = None

    async def post(self, body: bytes) -> Reply:
        """Send a request and wait for its complete answer."""
        try:
            headers = await self._endpoint.headers_async()
        except Exception as error:  # whatever yields tokens may raise
            return no_token(error)
        self._under_way += 1
        try:
            async with asyncio.timeout(self._seconds):
                return await self._exchange(body, headers)
        except TimeoutError:
            return NoAnswer("the attempt's time is over", written=True)
        except Exception as error:  # whatever a transport raises, the server may have the request
            return no_answer(error)
        finally:
            self._under_way -= 1

    async def _exchange(self, body: bytes, headers: httpx.Headers) -> Reply:
        if self._http is None:
            self._http = self._opened()
        method, url = self._endpoint.method, self._endpoint.url
        async with self._http.stream(method, url, content=body, headers=headers) as response:
            received = Received(response)
            async for part in response.aiter_bytes():
                if not received.take(part):
                    break
        return received.reply()

    def _opened(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self.verify(),
            timeout=httpx.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds)),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=self._kept),
            transport=Lent(self._transport) if self._transport is not None else None,
            follow_redirects=False,
            trust_env=not self._endpoint.is_plain,
        )

    async def rest(self) -> None:
        """Close the connections unless a request is under way."""
        if self._under_way == 0:
            await self._close()

    async def aclose(self) -> None:
        """Close the connections, and the transport that was given."""
        await self._close()
        if self._transport is not None:
            await self._transport.aclose()

    async def _close(self) -> None:
        if self._http is not None:
            http, self._http = self._http, None
            await http.aclose()
