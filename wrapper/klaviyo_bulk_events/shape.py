"""The constant parts of a request, derived once from the generated models.

Generated names stay in here and in the transport: they change with revisions.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from attrs import frozen

from klaviyo_bulk_events_api import models
from klaviyo_bulk_events_api.types import UNSET


@frozen
class Frame:
    """The bytes around what varies."""

    head: bytes
    tail: bytes

    @property
    def size(self) -> int:
        """How many bytes that is."""
        return len(self.head) + len(self.tail)


_NO_PROFILE: Final = models.ProfileData(
    type_=models.ProfileType.PROFILE, attributes=models.ProfileAttributes()
)
_PROFILE: Final = _NO_PROFILE.to_dict()
_NO_METRIC: Final = models.EventMetric(
    data=models.MetricData(
        type_=models.MetricType.METRIC, attributes=models.MetricAttributes(name="")
    )
)


def metric(name: str, service: Any = UNSET) -> dict[str, Any]:
    """The metric of an event."""
    attributes = models.MetricAttributes.from_dict({"name": name, "service": service})
    data = models.MetricData(type_=models.MetricType.METRIC, attributes=attributes)
    return models.EventMetric(data=data).to_dict()


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
    entries = models.CreateJobEntries(data=[])
    attributes = models.CreateJobAttributes(events_bulk_create=entries)
    kind = models.CreateJobType.EVENT_BULK_CREATE_JOB
    job = models.CreateJob(data=models.CreateJobData(type_=kind, attributes=attributes))
    return _around(job.to_dict(), b"[]", keep=1)


def profile_entry(*, backfill: bool) -> tuple[bytes, Frame]:
    """What stands before a profile, and around the events that follow it."""
    attributes = models.ProfileEntryAttributes(
        profile=models.ProfileEntryProfile(data=_NO_PROFILE),
        events=models.ProfileEntryEvents(data=[]),
        backfill=backfill,
    )
    entry = models.ProfileEntry(
        type_=models.ProfileEntryType.EVENT_BULK_CREATE, attributes=attributes
    )
    document = entry.to_dict()
    # Ahead of the profile, so that what opens an entry tells which flow it belongs to.
    document["attributes"] = {"backfill": backfill, **document["attributes"]}
    events = _around(document, b"[]", keep=1)
    before, _, after = events.head.partition(orjson.dumps(_NO_PROFILE.to_dict()))
    return before, Frame(after, events.tail)


def event() -> Frame:
    """What stands around the attributes of an event."""
    attributes = models.EventAttributes(properties=models.EventProperties(), metric=_NO_METRIC)
    data = models.EventData(type_=models.EventType.EVENT, attributes=attributes)
    return _around(data.to_dict(), orjson.dumps(attributes.to_dict()))


def _around(document: Mapping[str, Any], placeholder: bytes, keep: int = 0) -> Frame:
    """The frame around a placeholder, of which `keep` bytes at either end belong to the frame."""
    data = orjson.dumps(document)
    start = data.index(placeholder) + keep
    return Frame(data[:start], data[start + len(placeholder) - 2 * keep :])
