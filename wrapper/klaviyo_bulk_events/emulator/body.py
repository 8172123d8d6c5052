"""From the bytes of a body to its JSON document, strictly and within bounds."""

import gzip
import json
import zlib
from io import BytesIO
from typing import Any

import orjson

from klaviyo_bulk_events.emulator.refusals import Flaw, RequestRefused
from klaviyo_bulk_events.limits import REQUEST_BYTES


def unpack(body: bytes, encoding: str) -> bytes:
    """Undo the content encoding, never past the limit, which counts after decompression."""
    if encoding.lower() not in {"", "identity", "gzip"}:
        detail = f"Content encoding {encoding} is not supported."
        raise RequestRefused(415, [Flaw(detail, code="unsupported_media_type")])
    if encoding.lower() == "gzip":
        body = _gunzip(body)
    if len(body) > REQUEST_BYTES.value:
        detail = f"The payload must not exceed {REQUEST_BYTES.value} bytes."
        raise RequestRefused(413, [Flaw(detail, code="payload_too_large")])
    return body


def _gunzip(body: bytes) -> bytes:
    """All members of the stream (RFC 1952), up to a byte more than may be; nothing else follows."""
    try:
        with gzip.GzipFile(fileobj=BytesIO(body)) as members:
            return members.read(REQUEST_BYTES.value + 1)
    except EOFError:
        raise RequestRefused(400, [Flaw("The gzip body ends too early.")]) from None
    except (OSError, zlib.error) as error:
        raise RequestRefused(400, [Flaw(f"The body is not gzip: {error}.")]) from None


def parse(body: bytes) -> Any:
    """Read JSON that has no NaN, no key twice in one object and its integers unrounded.

    orjson keeps the last of two equal keys and rounds integers beyond 64 bits to floats. A body
    that comes out of it again byte for byte holds neither; only others need the slower reading.
    """
    try:
        document = orjson.loads(body)
        if orjson.dumps(document) == body:
            return document
        return json.loads(body, object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, orjson.JSONEncodeError) as error:  # the latter where it's very deep
        raise RequestRefused(400, [Flaw(f"The body is not valid JSON: {error}.", ())]) from None


def size(document: Any) -> tuple[int, int] | None:
    """How many entries and events a document holds, None where it has not the form to tell."""
    try:
        entries = document["data"]["attributes"]["events-bulk-create"]["data"]
        return len(entries), sum(len(each["attributes"]["events"]["data"]) for each in entries)
    except (KeyError, TypeError):
        return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return document


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
