"""What pages of other origins may ask of the emulator: nothing but to be led to its page.

A browser lets any page send simple requests to loopback, though not read the answers. A client that
isn't a browser sends neither of the headers that are looked at, and may do everything.
"""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class OriginCheck:
    """Answers 403 to what another origin's page asks of these folders."""

    def __init__(self, app: ASGIApp, folders: Sequence[str]) -> None:
        self._app = app
        self._folders = tuple(f"{folder}/" for folder in folders)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or turn it away."""
        if scope["type"] == "http" and scope["path"].startswith(self._folders) and _foreign(scope):
            text = "Only the emulator's own page may ask for this.\n"
            await PlainTextResponse(text, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _foreign(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host", "")
