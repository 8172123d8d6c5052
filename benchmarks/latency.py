"""httpx transports that note how long requests take.

They look no further than the head of an answer, which is all of it where it has no body.
"""

import time

import httpx
from attrs import define, field


@define
class Latency:
    """Seconds from handing a request over to its answer, of each request."""

    seconds: list[float] = field(factory=list)

    def since(self, started: float) -> None:
        """Note a request that was handed over at `started` on the performance counter."""
        self.seconds.append(time.perf_counter() - started)


class TimedTransport(httpx.HTTPTransport):
    """Notes the latency of every request that is answered."""

    def __init__(self, latency: Latency) -> None:
        super().__init__()
        self.latency = latency

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and wait for its answer."""
        started = time.perf_counter()
        response = self.exchange(request)
        self.latency.since(started)
        return response

    def exchange(self, request: httpx.Request) -> httpx.Response:
        """The same, untimed."""
        return super().handle_request(request)


class AsyncTimedTransport(httpx.AsyncHTTPTransport):
    """Notes the latency of every request that is answered."""

    def __init__(self, latency: Latency) -> None:
        super().__init__()
        self.latency = latency

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and wait for its answer."""
        started = time.perf_counter()
        response = await self.exchange(request)
        self.latency.since(started)
        return response

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """The same, untimed."""
        return await super().handle_async_request(request)
