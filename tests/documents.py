"""Valid requests to an emulator and their parts, and a clock that is set by hand."""

from typing import Any

import orjson
from attrs import define, field, frozen

from klaviyo_bulk_events.emulator.messages import Request
from klaviyo_bulk_events.limits import REVISION

PATH = "/api/event-bulk-create-jobs"
NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z
HEADERS = {
    "authorization": "Klaviyo-API-Key a-key",
    "content-type": "application/vnd.api+json",
    "revision": REVISION,
}

Json = dict[str, Any]


@define
class Clock:
    """Unix seconds that stand still until they are set."""

    now: float = NOON

    def __call__(self) -> float:
        """The time."""
        return self.now


@frozen
class Documents:
    """Valid documents and their parts; keyword arguments replace attributes or add to them."""

    headers: Json = field(factory=lambda: dict(HEADERS))
    path: str = PATH

    def event(self, unique_id: str | None = "u1", /, **attributes: Any) -> Json:
        """An event."""
        metric = {"data": {"type": "metric", "attributes": {"name": "Ordered Product"}}}
        default = {"properties": {"sku": "A"}, "metric": metric, "time": "2025-06-01T10:00:00Z"}
        if unique_id is not None:
            default["unique_id"] = unique_id
        return {"type": "event", "attributes": {**default, **attributes}}

    def entry(self, *events: Json, profile: Json | None = None, **attributes: Any) -> Json:
        """A profile with its events."""
        profile = {"email": "ada@shop.org"} if profile is None else profile
        data = {"type": "profile", "attributes": profile}
        default = {"profile": {"data": data}, "events": {"data": list(events)}}
        return {"type": "event-bulk-create", "attributes": {**default, **attributes}}

    def document(self, *entries: Json) -> Json:
        """A request's body."""
        entries = entries or (self.entry(self.event()),)
        attributes = {"events-bulk-create": {"data": list(entries)}}
        return {"data": {"type": "event-bulk-create-job", "attributes": attributes}}

    def events(self, *unique_ids: str) -> Json:
        """A body with one profile and an event for each id."""
        return self.document(self.entry(*map(self.event, unique_ids)))

    def request(self, body: Json | bytes | None = None, **headers: str | None) -> Request:
        """A request; a header that is None is left out."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: text for name, text in {**HEADERS, **given}.items() if text is not None}
        body = self.document() if body is None else body
        return Request("POST", PATH, sent, body if isinstance(body, bytes) else orjson.dumps(body))
