"""What stands around what varies in a request, cut out of the parts that were generated."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from klaviyo_bulk_events_api import parts


class Frame(NamedTuple):
    """The bytes around what varies."""

    head: bytes
    tail: bytes

    @property
    def size(self) -> int:
        """How many bytes that is."""
        return len(self.head) + len(self.tail)


_PROFILE: Final = parts.PROFILE_ENTRY["attributes"]["profile"]["data"]
_METRIC: Final = parts.EVENT["attributes"]["metric"]


def metric(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The metric of an event: its name, and its service if it has one."""
    return {**_METRIC, "data": {**_METRIC["data"], "attributes": attributes}}


def profile(
    key: object, attributes: Mapping[str, Any], meta: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A profile: Klaviyo's own key (None: not given), its attributes, what is to be patched."""
    resource: dict[str, Any] = {**_PROFILE, "attributes": attributes}
    if key is not None:
        resource["id"] = key
    if meta is None or meta:
        resource["meta"] = meta
    return resource


def profile_attributes() -> Frame:
    """What stands around the attributes of a profile that has nothing else."""
    return _around(_PROFILE, b"{}")


def request() -> Frame:
    """What stands around the profile entries of a request."""
    return _around(parts.JOB, b"[]", keep=1)


def profile_entry(*, backfill: bool) -> tuple[bytes, Frame]:
    """What stands before a profile, and around the events that follow it."""
    # Backfill is ahead of the profile, so that what opens an entry tells which flow it belongs to.
    attributes = {"backfill": None, **parts.PROFILE_ENTRY["attributes"]} | {"backfill": backfill}
    events = _around({**parts.PROFILE_ENTRY, "attributes": attributes}, b"[]", keep=1)
    before, _, after = events.head.partition(orjson.dumps(_PROFILE))
    return before, Frame(after, events.tail)


def event() -> Frame:
    """What stands around the attributes of an event."""
    return _around(parts.EVENT, orjson.dumps(parts.EVENT["attributes"]))


def _around(document: Mapping[str, Any], placeholder: bytes, keep: int = 0) -> Frame:
    """The frame around a placeholder, of which `keep` bytes at either end belong to the frame."""
    data = orjson.dumps(document)
    start = data.index(placeholder) + keep
    return Frame(data[:start], data[start + len(placeholder) - 2 * keep :])
