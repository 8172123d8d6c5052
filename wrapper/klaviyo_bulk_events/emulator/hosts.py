"""Who may call the emulator, by the Host header: it keeps web pages of others away from it."""

from collections.abc import Iterable
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


class HostCheck:
    """Answers 421 unless the Host header names loopback or one of `allowed`; `*` is any."""

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self._app = app
        self._allowed = _LOOPBACK | {host.lower() for host in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or turn it away."""
        if scope["type"] != "http" or self._is_allowed(scope):
            await self._app(scope, receive, send)
            return
        text = "This host is not served here; --allow-host names those that are.\n"
        await PlainTextResponse(text, 421)(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
        name, colon, port = host.rpartition(":")
        known = name if colon and port.isdecimal() else host
        return "*" in self._allowed or known in self._allowed
