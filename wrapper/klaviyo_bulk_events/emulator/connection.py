"""uvicorn's HTTP/1.1 connection, whose transport the application can get at and break."""

import asyncio
import socket
import struct
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

_NO_LINGERING: Final = struct.pack("ii", 1, 0)


class BreakableConnection(H11Protocol):
    """Puts its transport into the request's state: ASGI has no way to break a connection off."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take up a connection."""
        super().connection_made(transport)
        # asyncio leaves it off where the listening socket does not name its protocol: then an
        # answer's body waits some 40 ms for the client to acknowledge the head.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "transport": transport}

    def shutdown(self) -> None:
        """Hang up at once: an answer that is never to come would hold up the server's stop."""
        self.transport.abort()


def transport_of(scope: Any) -> asyncio.Transport:
    """The transport that a request came by."""
    transport: asyncio.Transport = scope["state"]["transport"]
    return transport


def reset(transport: asyncio.Transport) -> None:
    """Break the connection off with a RST, whatever of it is still unsent or unread."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    transport.abort()
