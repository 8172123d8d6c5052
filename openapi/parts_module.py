"""Print the parts of a request, as the generated client makes them, as a Python module.

A program of its own, for an interpreter that has the client just generated on its path. The models
are imported here, once for each generation, so that no process that sends has to do it.
"""

import sys

from klaviyo_bulk_events_api import models
from klaviyo_bulk_events_api.api.events.bulk_create_events import _get_kwargs

_HEAD = '''"""The parts of a request, without what varies, as the generated models write them."""

from typing import Any, Final

'''


def written() -> str:
    """The module's text, in no particular layout."""
    parts = {**_request(), "PROFILE_ENTRY": _entry(), "EVENT": _event()}
    return _HEAD + "".join(f"{name}: Final[Any] = {part!r}\n" for name, part in parts.items())


def _request() -> dict[str, object]:
    attributes = models.CreateJobAttributes(events_bulk_create=models.CreateJobEntries(data=[]))
    kind = models.CreateJobType.EVENT_BULK_CREATE_JOB
    job = models.CreateJob(data=models.CreateJobData(type_=kind, attributes=attributes))
    request = _get_kwargs(body=job)
    return {
        "METHOD": request["method"].upper(),
        "PATH": request["url"],
        "HEADERS": request["headers"],
        "JOB": request["json"],
    }


def _entry() -> object:
    """An entry of events that are no history."""
    profile = models.ProfileData(
        type_=models.ProfileType.PROFILE, attributes=models.ProfileAttributes()
    )
    attributes = models.ProfileEntryAttributes(
        profile=models.ProfileEntryProfile(data=profile),
        events=models.ProfileEntryEvents(data=[]),
        backfill=False,
    )
    kind = models.ProfileEntryType.EVENT_BULK_CREATE
    return models.ProfileEntry(type_=kind, attributes=attributes).to_dict()


def _event() -> object:
    """An event of a metric without a name."""
    metric = models.MetricData(
        type_=models.MetricType.METRIC, attributes=models.MetricAttributes(name="")
    )
    attributes = models.EventAttributes(
        properties=models.EventProperties(), metric=models.EventMetric(data=metric)
    )
    return models.EventData(type_=models.EventType.EVENT, attributes=attributes).to_dict()


if __name__ == "__main__":
    try:
        sys.stdout.write(written())
    except (AttributeError, KeyError, TypeError) as error:
        sys.exit(f"the models are others than openapi/parts_module.py knows, adapt it: {error}")
