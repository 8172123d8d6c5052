"""The emulator behind a socket: for the command line, or in a thread of this process."""

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import uvicorn
from attrs import frozen

from klaviyo_bulk_events.emulator.app import application
from klaviyo_bulk_events.emulator.connection import BreakableConnection
from klaviyo_bulk_events.emulator.core import Emulator
from klaviyo_bulk_events.emulator.settings import Settings

LOOPBACK = "127.0.0.1"
_LOOPBACK_OF = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - only looked up
_GRACE_SECONDS = 2.0


@frozen
class Running:
    """An emulator that listens at `url`."""

    url: str
    emulator: Emulator


def serve(
    settings: Settings,
    *,
    host: str = LOOPBACK,
    port: int = 8025,
    allow_hosts: Iterable[str] = (),
    announce: Callable[[Running], object] = lambda running: None,
) -> None:
    """Serve until the process is told to stop (SIGINT or SIGTERM).

    `announce` is called once requests can come in. Raises `OSError` where the port is taken.
    """
    emulator = Emulator(settings)
    with _listening(host, port) as sock, suppress(KeyboardInterrupt):
        announce(Running(_url(sock), emulator))
        _server(emulator, allow_hosts).run([sock])


@contextmanager
def running(settings: Settings | None = None, port: int = 0) -> Iterator[Running]:
    """Run an emulator on loopback in a thread of its own; port 0 is any free one."""
    emulator = Emulator(settings)
    server = _server(emulator, ())
    with _listening(LOOPBACK, port) as sock:
        thread = Thread(target=server.run, args=([sock],), name="emulator", daemon=True)
        thread.start()
        try:
            yield Running(_url(sock), emulator)
        finally:
            server.should_exit = True
            thread.join(_GRACE_SECONDS)
            # A connection that came while the others were closed is not closed by uvicorn.
            server.force_exit = True
            thread.join()


def _server(emulator: Emulator, allow_hosts: Iterable[str]) -> uvicorn.Server:
    config = uvicorn.Config(
        application(emulator, allow_hosts),
        http=BreakableConnection,
        lifespan="off",
        log_config=None,
        loop="asyncio",
        server_header=False,
        timeout_keep_alive=75,
        ws="none",
    )
    return uvicorn.Server(config)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on, though the server may still be starting."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def _url(sock: socket.socket) -> str:
    """Where it answers: an address that stands for all is none that a Host header may name."""
    host, port = sock.getsockname()[:2]
    host = _LOOPBACK_OF.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
