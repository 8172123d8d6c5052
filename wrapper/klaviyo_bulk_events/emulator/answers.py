"""The replies that an emulator gives, in the words and the shape of Klaviyo's own."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import uuid4

import orjson

from klaviyo_bulk_events.emulator.faults import Answer, Form
from klaviyo_bulk_events.emulator.messages import Reply
from klaviyo_bulk_events.emulator.refusals import Flaw, RequestRefused

MEDIA_TYPE: Final = "application/vnd.api+json"

_TITLES: Final = {
    "duplicate": "Duplicate event.",
    "duplicate_in_request": "Duplicate event within the request.",
    "error": "A server error occurred.",
    "gone": "The revision is no longer available.",
    "invalid": "Invalid input.",
    "method_not_allowed": "Method not allowed.",
    "not_authenticated": "Authentication credentials were not provided.",
    "not_found": "Not found.",
    "payload_too_large": "The request body is too large.",
    "permission_denied": "You do not have permission to perform this action.",
    "throttled": "Request was throttled.",
    "unsupported_media_type": "Unsupported media type.",
}
_PAGE: Final = """<!DOCTYPE html>
<html><head><title>{status}</title></head>
<body><center><h1>{status}</h1></center><hr><center>edge</center></body></html>
"""


def refusal(status: int, flaws: Iterable[Flaw], headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON:API error document with an error for each flaw."""
    document = {"errors": [_error(status, flaw) for flaw in flaws]}
    return Reply(status, {"content-type": MEDIA_TYPE, **(headers or {})}, orjson.dumps(document))


def refused(reason: RequestRefused, headers: Mapping[str, str] | None = None) -> Reply:
    """The refusal that was raised, with its own headers beside these."""
    return refusal(reason.status, reason.flaws, {**(headers or {}), **reason.headers})


def throttled(wait: int) -> Reply:
    """A 429 that asks to wait for whole seconds; it carries none of the RateLimit headers."""
    detail = f"Request was throttled. Expected available in {wait} seconds."
    return refusal(429, [Flaw(detail, code="throttled")], {"retry-after": str(wait)})


def injected(answer: Answer) -> Reply:
    """The reply that stands in for the true one."""
    headers = {} if answer.retry_after is None else {"retry-after": str(answer.retry_after)}
    if answer.form is Form.JSON:
        return refusal(answer.status, [Flaw("Injected.", code=answer.code)], headers)
    if answer.form is Form.EMPTY:
        return Reply(answer.status, headers)
    if answer.status == 403:
        headers["cf-mitigated"] = "challenge"
    headers["content-type"] = "text/html; charset=UTF-8"
    return Reply(answer.status, headers, _PAGE.format(status=answer.status).encode())


def _error(status: int, flaw: Flaw) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "status": status,
        "code": flaw.code,
        "title": _TITLES[flaw.code],
        "detail": flaw.detail,
        "source": _source(flaw),
        "links": {},
        "meta": {},
    }


def _source(flaw: Flaw) -> dict[str, str]:
    if flaw.path is not None:
        return {"pointer": flaw.pointer or ""}
    return {"parameter": flaw.parameter} if flaw.parameter else {}
