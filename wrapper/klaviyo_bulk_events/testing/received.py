"""What the emulator received, in the record form that it was given in."""

from collections.abc import Mapping
from typing import Any

from klaviyo_bulk_events.emulator import Event
from klaviyo_bulk_events.profile_fields import PATCHES


def record_of(event: Event) -> dict[str, Any]:
    """The fields that an event arrived with; `time` is a datetime in UTC, cut to the second."""
    fields = {
        "metric": event.metric,
        "profile": _profile(event),
        "unique_id": event.unique_id,
        "time": event.time,
        "value": event.value,
        "value_currency": event.value_currency,
        "properties": event.properties,
        "backfill": event.backfill,
        "metric_service": event.metric_service,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _profile(event: Event) -> dict[str, Any]:
    attributes = {**event.profile, **event.updates}
    meta = attributes.pop("meta", None) or {}
    if "_kx" in attributes:
        attributes["kx"] = attributes.pop("_kx")
    return attributes | _patches(meta)


def _patches(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: inner[patch]
        for name, (group, patch) in PATCHES.items()
        if patch in (inner := meta.get(group) or {})
    }


def title(record: Mapping[str, Any]) -> str:
    """An event in a few words: its metric, whose it is, and its `unique_id`."""
    profile = record.get("profile")
    identifiers = ("email", "external_id", "phone_number", "id")
    person = profile if isinstance(profile, Mapping) else {}
    whose = next((person[name] for name in identifiers if person.get(name)), None)
    words = [str(record.get("metric") or "an event")]
    if whose is not None:
        words.append(f"of {whose}")
    if record.get("unique_id") is not None:
        words.append(f"({record['unique_id']})")
    return " ".join(words)
