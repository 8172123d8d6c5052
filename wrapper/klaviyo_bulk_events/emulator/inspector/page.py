"""The page's own files, with headers that let a browser take nothing else for part of it."""

from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ]
)
SECURITY: Final = {
    "cache-control": "no-store",
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


async def index(_: Request) -> Response:
    """Answer the page."""
    return _file("index.html")


async def static(request: Request) -> Response:
    """Answer one of the page's files; nothing else has a name here."""
    name = request.path_params["name"]
    if name not in _files():
        return PlainTextResponse("There is no such file.\n", 404, SECURITY)
    return _file(name)


def _file(name: str) -> Response:
    kind = _TYPES[Path(name).suffix]
    return Response(_files()[name], headers=SECURITY, media_type=kind)


@cache
def _files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.suffix in _TYPES}
