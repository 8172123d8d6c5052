"""The parts of a request, without what varies, as the generated models write them."""

from typing import Any, Final

METHOD: Final[Any] = "POST"
PATH: Final[Any] = "/api/event-bulk-create-jobs"
HEADERS: Final[Any] = {
    "revision": "2026-04-15",
    "Content-Type": "application/vnd.api+json",
}
JOB: Final[Any] = {
    "data": {
        "type": "event-bulk-create-job",
        "attributes": {"events-bulk-create": {"data": []}},
    }
}
PROFILE_ENTRY: Final[Any] = {
    "type": "event-bulk-create",
    "attributes": {
        "profile": {"data": {"type": "profile", "attributes": {}}},
        "events": {"data": []},
        "backfill": False,
    },
}
EVENT: Final[Any] = {
    "type": "event",
    "attributes": {
        "properties": {},
        "metric": {"data": {"type": "metric", "attributes": {"name": ""}}},
    },
}
