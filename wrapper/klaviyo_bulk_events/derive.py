"""The `unique_id` of an event that has none, from its content."""

import hashlib
from datetime import UTC, datetime

import orjson

VERSION = "d1"


def unique_id(
    *,
    identity: str,
    metric: bytes,
    time: datetime,
    value: object,
    currency: object,
    properties: bytes,
) -> str:
    """A stable hash of what makes an event itself, the same in every process and version.

    `metric` and `properties` are their bytes with keys in order. The zone in which the time was
    written does not count, its fraction of a second does.
    """
    instant = time.astimezone(UTC).isoformat()
    head = orjson.dumps([identity, instant, value, currency])
    digest = hashlib.blake2b(digest_size=16)
    for part in (head, metric, properties):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return f"{VERSION}-{digest.hexdigest()}"
