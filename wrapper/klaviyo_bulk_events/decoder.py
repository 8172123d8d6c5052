"""From an event's bytes back to its record: what the encoder did, undone."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from klaviyo_bulk_events import shape
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.profile_fields import PATCHES
from klaviyo_bulk_events.records import NULL

_EVENT: Final = shape.event()
_ENTRIES: Final = {backfill: shape.profile_entry(backfill=backfill) for backfill in (True, False)}


def event_of(
    opening: bytes,
    data: bytes,
    position: int,
    *,
    key: str = "",
    origin: str | None = None,
    record: Mapping[str, Any] | None = None,
) -> EncodedEvent:
    """The event again that is sent as these bytes, but for warnings: they were told of before."""
    attributes = _attributes(data)
    return EncodedEvent(
        opening=opening,
        data=data,
        key=key,
        backfill=_is_backfill(opening),
        moment=attributes["time"],
        unique_id=attributes.get("unique_id"),
        warnings=(),
        position=position,
        origin=origin,
        record=record,
    )


def _attributes(data: bytes) -> dict[str, Any]:
    attributes: dict[str, Any] = orjson.loads(data[len(_EVENT.head) : -len(_EVENT.tail)])
    return attributes


def _is_backfill(opening: bytes) -> bool:
    return opening.startswith(_ENTRIES[True][0])


def record_of(opening: bytes, data: bytes) -> dict[str, Any]:
    """The record of an event that is sent as these bytes; as a record it is the same event."""
    attributes = _attributes(data)
    metric = attributes.pop("metric")["data"]["attributes"]
    record = {"metric": metric["name"], "profile": profile_of(opening), **_with_null(attributes)}
    if "service" in metric:
        record["metric_service"] = NULL if metric["service"] is None else metric["service"]
    return record


def profile_of(opening: bytes) -> dict[str, Any]:
    """The profile of a record whose entry is opened by these bytes."""
    before, around = _ENTRIES[_is_backfill(opening)]
    resource = orjson.loads(opening[len(before) : -len(around.head)])
    profile = _with_null(resource["attributes"])
    if "id" in resource:
        profile["id"] = resource["id"]
    if isinstance(place := profile.get("location"), dict):
        profile["location"] = _with_null(place)
    return profile | _patches(resource.get("meta", {}))


def _patches(meta: dict[str, Any] | None) -> dict[str, Any]:
    if meta is None:
        return {"meta": NULL}
    patches: dict[str, Any] = {group: NULL for group, inner in meta.items() if inner is None}
    for name, (group, patch) in PATCHES.items():
        inner = meta.get(group) or {}
        if patch in inner:
            patches[name] = NULL if inner[patch] is None else inner[patch]
    return patches


def _with_null(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: NULL if value is None else value for name, value in fields.items()}
