"""The checks that need no look at the body."""

import re
from collections.abc import Mapping
from hmac import compare_digest
from typing import Final

from klaviyo_bulk_events.emulator.answers import MEDIA_TYPE
from klaviyo_bulk_events.emulator.messages import Request
from klaviyo_bulk_events.emulator.openapi import endpoint
from klaviyo_bulk_events.emulator.refusals import Flaw, RequestRefused
from klaviyo_bulk_events.limits import REVISION

SCHEMES: Final = frozenset({"klaviyo-api-key", "bearer"})
_REVISION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z0-9]+)?", re.ASCII)


def check_route(request: Request) -> None:
    """Raise `RequestRefused` unless this is a request to the endpoint."""
    if request.path != endpoint():
        raise RequestRefused(404, [Flaw(f"There is nothing at {request.path}.", code="not_found")])
    if request.method != "POST":
        flaw = Flaw(f"{request.method} is not allowed here.", code="method_not_allowed")
        raise RequestRefused(405, [flaw], {"allow": "POST"})


def check_headers(request: Request, api_key: str | None) -> None:
    """Raise `RequestRefused` unless key, revision and media type let the body be looked at."""
    _authenticate(request.headers.get("authorization", ""), api_key)
    _check_revision(request.headers)
    _check_media_type(request.headers.get("content-type", ""))


def _authenticate(authorization: str, api_key: str | None) -> None:
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    known = scheme.lower() in SCHEMES and token
    if not known or (api_key and not compare_digest(token.encode(), api_key.encode())):
        raise RequestRefused(
            401, [Flaw("Missing or invalid private key or token.", code="not_authenticated")]
        )


def _check_revision(headers: Mapping[str, str]) -> None:
    """An unknown revision falls forward to the current one, unless the client opts out."""
    revision = headers.get("revision", "")
    if not _REVISION.fullmatch(revision):
        detail = "The revision header is missing or not a date (YYYY-MM-DD[.suffix])."
        raise RequestRefused(400, [Flaw(detail, parameter="revision")])
    if revision != REVISION and headers.get("x-klaviyo-revision-fall-forward-opt-out") == "1":
        flaw = Flaw(f"Revision {revision} is not available.", code="gone", parameter="revision")
        raise RequestRefused(410, [flaw])


def _check_media_type(content_type: str) -> None:
    if content_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
        detail = f"The content type must be {MEDIA_TYPE}."
        raise RequestRefused(415, [Flaw(detail, code="unsupported_media_type")])
