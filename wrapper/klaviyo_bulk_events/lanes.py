"""Blocking I/O: connections whose requests end in time, whatever the server does."""

import contextlib
import socket
import threading
import time
from typing import Any

import httpx

from klaviyo_bulk_events.answers import NoAnswer, Reply
from klaviyo_bulk_events.endpoint import CONNECT_SECONDS, Endpoint, Received, no_answer, no_token


class _TooLateError(Exception):
    """The attempt's time was over before anything was written."""


class Lane:
    """One connection, on which one request is under way at a time.

    httpx limits the time of each read and write but not their sum, so that an answer can trickle
    in for ever: a watch shuts the connection when the attempt's `seconds` are over.
    """

    def __init__(self, client: httpx.Client, endpoint: Endpoint, seconds: float) -> None:
        self._client = client
        self._endpoint = endpoint
        self._seconds = seconds
        self._lock = threading.Lock()
        self._until: float | None = None
        self._stream: Any = None

    def post(self, body: bytes) -> Reply:
        """Send a request and wait for its complete answer."""
        try:
            headers = self._endpoint.headers()
        except Exception as error:  # whatever yields tokens may raise
            return no_token(error)
        self._until = time.monotonic() + self._seconds
        try:
            return self._exchange(body, headers)
        except _TooLateError:
            return NoAnswer("ConnectTimeout", written=False)
        except Exception as error:  # whatever a transport raises, the server may have the request
            return no_answer(error)
        finally:
            with self._lock:
                self._until = None

    def _exchange(self, body: bytes, headers: httpx.Headers) -> Reply:
        endpoint = self._endpoint
        with self._client.stream(
            endpoint.method,
            endpoint.url,
            content=body,
            headers=headers,
            extensions={"trace": self._trace},
        ) as response:
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

    def keep_time(self, now: float) -> float:
        """Shut the connection if the attempt's time is over; the seconds to the next look."""
        until = self._until
        if until is None:
            return self._seconds
        if now < until:
            return until - now
        self._shut(until)
        return self._seconds

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


class Watch:
    """Keeps the time of every lane, in one thread that ends when it finds none busy.

    It need not hear of a new attempt: it never sleeps longer than one may take.
    """

    def __init__(self) -> None:
        self._busy: set[Lane] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._awake = threading.Event()

    def add(self, lane: Lane) -> None:
        """Keep the time of a lane from now on."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                self._busy.add(lane)
                return
            # After a fork the others are those of the process before: they are its to shut.
            self._busy = {lane}
            self._thread = threading.Thread(target=self._run, name="klaviyo-watch", daemon=True)
            self._thread.start()

    def discard(self, lane: Lane) -> None:
        """Leave a lane alone: nothing is under way on it."""
        with self._lock:
            self._busy.discard(lane)

    def busy(self) -> tuple[Lane, ...]:
        """The lanes whose time is kept."""
        with self._lock:
            return tuple(self._busy)

    def end(self) -> None:
        """End the thread, if nothing is under way."""
        self._awake.set()

    def _run(self) -> None:
        while (seconds := self._look()) is not None:
            self._awake.wait(seconds)
            self._awake.clear()

    def _look(self) -> float | None:
        """The seconds until the next look; None if there is nothing to look at."""
        with self._lock:
            if not self._busy:
                self._thread = None
                return None
            lanes = tuple(self._busy)
        now = time.monotonic()
        return min(lane.keep_time(now) for lane in lanes)


class Lanes:
    """Lends out lanes, the one used last first: its connection is the least likely to be stale."""

    def __init__(
        self, endpoint: Endpoint, seconds: float, transport: httpx.BaseTransport | None
    ) -> None:
        self._endpoint = endpoint
        self._seconds = seconds
        self._transport = transport
        self._context = endpoint.ssl_context()
        self._idle: list[Lane] = []
        self._watch = Watch()

    def post(self, body: bytes) -> Reply:
        """Send a request on any lane."""
        try:
            lane = self._idle.pop()
        except IndexError:
            lane = self._open()
        self._watch.add(lane)
        try:
            return lane.post(body)
        finally:
            self._watch.discard(lane)
            self._idle.append(lane)

    def _open(self) -> Lane:
        timeout = httpx.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds))
        client = httpx.Client(
            verify=self._context,
            timeout=timeout,
            transport=self._transport,
            follow_redirects=False,
            trust_env=not self._endpoint.is_plain,
        )
        return Lane(client, self._endpoint, self._seconds)

    def cut(self) -> None:
        """End every attempt under way; what it sent may still arrive."""
        for lane in self._watch.busy():
            lane.cut()

    def close(self) -> None:
        """Close every connection."""
        while self._idle:
            self._idle.pop().close()
        self._watch.end()
