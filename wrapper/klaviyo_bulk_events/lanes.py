"""Blocking I/O: connections whose requests end in time, whatever the server does."""

import contextlib
import socket
import ssl
import threading
import time
import weakref
from typing import Any

import httpx

from klaviyo_bulk_events import forks
from klaviyo_bulk_events.answers import NoAnswer, Reply
from klaviyo_bulk_events.credentials import Credential
from klaviyo_bulk_events.endpoint import CONNECT_SECONDS, Endpoint, Received, no_answer, no_token
from klaviyo_bulk_events.watchdog import Watchdog


class _TooLateError(Exception):
    """The attempt's time was over before anything was written."""


class Lane:
    """One connection, on which one request is under way at a time.

    httpx limits the time of each read and write but not their sum, so that an answer can trickle
    in for ever: a watchdog shuts the connection when the attempt's `seconds` are over. `pooled`
    connections are shared with other lanes: which one an attempt uses is known where it was opened
    for it, and else from the answer's beginning.
    """

    def __init__(
        self,
        client: httpx.Client,
        endpoint: Endpoint,
        seconds: float,
        watchdog: Watchdog,
        *,
        pooled: bool,
    ) -> None:
        self._client = client
        self._watchdog = watchdog
        self._endpoint = endpoint
        self._seconds = seconds
        self._pooled = pooled
        self._lock = threading.Lock()
        self._until: float | None = None
        self._stream: Any = None

    def post(self, body: bytes) -> Reply:
        """Send a request and wait for its complete answer."""
        try:
            headers = self._endpoint.headers()
        except Exception as error:  # whatever yields tokens may raise
            return no_token(error)
        if self._pooled:
            self._stream = None
        until = self._until = time.monotonic() + self._seconds
        self._watchdog.watch(until, self._shut)
        try:
            return self._exchange(body, headers)
        except _TooLateError:
            return NoAnswer("ConnectTimeout", written=False)
        except Exception as error:  # whatever a transport raises, the server may have the request
            return no_answer(error)
        finally:
            with self._lock:
                self._until = None
            self._watchdog.forget(self._shut)

    def _exchange(self, body: bytes, headers: httpx.Headers) -> Reply:
        endpoint = self._endpoint
        with self._client.stream(
            endpoint.method,
            endpoint.url,
            content=body,
            headers=headers,
            extensions={"trace": self._trace},
        ) as response:
            self._stream = response.extensions.get("network_stream", self._stream)
            received = Received(response)
            for part in response.iter_bytes():
                if not received.take(part):
                    break
        return received.reply()

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._stream = info["return_value"]
        elif event.endswith("send_request_headers.started") and self._is_over():
            # A look-up of the host's name can't be interrupted and may have taken any time.
            raise _TooLateError

    def _is_over(self) -> bool:
        return self._until is not None and time.monotonic() > self._until

    def _shut(self, until: float) -> None:
        with self._lock:
            if self._until == until and self._stream is not None:
                # It may be closed already; and what is wrong with one must not end the watch.
                with contextlib.suppress(Exception):
                    connection = self._stream.get_extra_info("socket")
                    # Past ssl's own shutdown, which would tear at a read under way in the thread.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def cut(self) -> None:
        """End what is under way: nobody will wait for its answer."""
        until = self._until
        if until is not None:
            self._shut(until)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class Lanes:
    """Lends out lanes, the one used last first: its connection is the least likely to be stale."""

    def __init__(
        self, endpoint: Endpoint, seconds: float, transport: httpx.BaseTransport | None
    ) -> None:
        self._endpoint = endpoint
        self._seconds = seconds
        self._transport = transport
        self._context: ssl.SSLContext | bool | None = endpoint.ssl_context()
        self._inherited: list[object] = []
        self._closed = False
        self._open_none()
        forks.in_child(self._renew)
        forks.around(self._before_fork, self._after_fork)

    def _open_none(self) -> None:
        self._opening = threading.Lock()
        self._idle: list[Lane] = []
        self._busy: set[Lane] = set()
        self._watchdog = Watchdog()
        self._finalizer = weakref.finalize(self, self._watchdog.stop)
        self._finalizer.atexit = False  # what is sent at exit is watched, too

    def _renew(self) -> None:
        """Open connections of this process's own: the others are still its parent's."""
        self._finalizer.detach()
        # With a context of its own, too: another thread may have been at work with that one.
        self._inherited += [*self._idle, *self._busy, self._context]
        self._context = None
        self._open_none()

    def _before_fork(self) -> None:
        """Who opens a connection holds locks, of imports and OpenSSL, that no child could free."""
        self._opening.acquire()

    def _after_fork(self) -> None:
        self._opening.release()

    @property
    def credential(self) -> Credential:
        """What proves who sends."""
        return self._endpoint.credential

    def post(self, body: bytes) -> Reply:
        """Send a request on any lane."""
        try:
            lane = self._idle.pop()
        except IndexError:
            with self._opening:
                lane = self._open()
        self._busy.add(lane)
        try:
            return lane.post(body)
        finally:
            self._busy.discard(lane)
            self._idle.append(lane)
            if self._closed:  # while it was busy
                self._close_idle()

    def _open(self) -> Lane:
        import encodings.idna  # noqa: F401  what a look-up of a name would import

        if self._context is None:
            self._context = self._endpoint.ssl_context()
        timeout = httpx.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds))
        client = httpx.Client(
            verify=self._context,
            timeout=timeout,
            transport=self._transport,
            follow_redirects=False,
            trust_env=not self._endpoint.is_plain,
        )
        pooled = self._transport is not None
        return Lane(client, self._endpoint, self._seconds, self._watchdog, pooled=pooled)

    def cut(self) -> None:
        """End every attempt under way; what it sent may still arrive."""
        for lane in tuple(self._busy):
            lane.cut()

    def close(self) -> None:
        """Close every connection; those in use once they are so no more."""
        self._closed = True
        self._close_idle()
        self._watchdog.stop()

    def _close_idle(self) -> None:
        with contextlib.suppress(IndexError):  # of threads that close them together
            while self._idle:
                self._idle.pop().close()
