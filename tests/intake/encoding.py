"""Events to encode, and what became of them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from klaviyo_bulk_events import Intake, RecordError
from klaviyo_bulk_events.chunker import Chunker
from klaviyo_bulk_events.encoder import EncodedEvent, Encoder

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
WHOLE: Mapping[str, Any] = {
    "metric": "Ordered Product",
    "profile": {"email": "sarah.mason@klaviyo-demo.com"},
    "time": NOW,
    "unique_id": "order-1",
}


def encoder(*, backfill: bool | None = True, **intake: Any) -> Encoder:
    return Encoder(Intake(**intake), backfill, lambda: NOW)


def encode(
    *, backfill_of_run: bool | None = True, intake: Mapping[str, Any] | None = None, **fields: Any
) -> EncodedEvent:
    """The event of these fields, completed by those of a whole one."""
    return encoder(backfill=backfill_of_run, **(intake or {})).encode({**WHOLE, **fields})


def body(*events: EncodedEvent) -> dict[str, Any]:
    """The request that holds these events, parsed."""
    chunker = Chunker()
    for event in events:
        assert chunker.add(event) is None
    chunk = chunker.close()
    assert chunk is not None
    parsed: dict[str, Any] = json.loads(chunk.body())
    return parsed


def attributes(**fields: Any) -> dict[str, Any]:
    """The attributes of the event that goes out for these fields."""
    sent: dict[str, Any] = json.loads(encode(**fields).data)["attributes"]
    return sent


def profile_of(event: EncodedEvent) -> dict[str, Any]:
    """The profile that goes out before an event."""
    [entry] = body(event)["data"]["attributes"]["events-bulk-create"]["data"]
    sent: dict[str, Any] = entry["attributes"]["profile"]["data"]
    return sent


def problems(**fields: Any) -> set[tuple[str, str]]:
    """The pointers and codes of all that is wrong with the event of these fields."""
    with pytest.raises(RecordError) as caught:
        encode(**fields)
    return {(problem.pointer, problem.code) for problem in caught.value.problems}


def warnings(**fields: Any) -> set[tuple[str, str]]:
    """The pointers and codes of what the event of these fields is warned of."""
    return {(warning.pointer, warning.code) for warning in encode(**fields).warnings}
