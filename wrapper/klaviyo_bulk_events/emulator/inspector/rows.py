"""Requests and events as rows for the page."""

import json
from collections.abc import Sequence
from typing import Any, Final

from klaviyo_bulk_events.emulator.core import Emulator
from klaviyo_bulk_events.emulator.inspector import contents, shown
from klaviyo_bulk_events.emulator.ledger import RequestRecord
from klaviyo_bulk_events.emulator.memory import Packed
from klaviyo_bulk_events.emulator.refusals import pointer

# A body that nobody has read yet, of a request that met a fault or the limit, takes some 10 ms a
# megabyte to count. That is done once, and for the newest rows first: another look counts on. So
# many bytes at once, unpacked, and the rest of the last body.
_READ_BYTES: Final = 2_000_000
_PROPERTIES_LENGTH: Final = 20_000

Row = dict[str, Any]


def requests(emulator: Emulator, records: Sequence[RequestRecord]) -> list[Row]:
    """A row for each; those that nobody has read are looked into, the first ones at least."""
    left = _READ_BYTES
    rows = []
    for record in records:
        row = request(record)
        _, exchange = emulator.request(record.number) if record.events is None else (None, None)
        if exchange is not None:
            if exchange.count is None and left > 0:
                exchange.count = contents.count(exchange)
                left -= exchange.count.bytes
            if exchange.count is not None:
                row["entries"], row["events"] = exchange.count.entries, exchange.count.events
        rows.append(row)
    return rows


def request(record: RequestRecord) -> Row:
    """A row of numbers."""
    names = ("number", "arrived", "bytes", "status", "processed", "fault", "accepted", "repeats")
    row = {name: getattr(record, name) for name in (*names, "test_addresses", "entries", "events")}
    return {**row, "flaws": len(record.flaws)}


def accepted(packed: Packed) -> Row:
    """A row for an event that was accepted, with its properties as JSON."""
    event, properties, *_ = packed
    return {
        "request": event.request,
        "profile": {name: shown.label(value) for name, value in event.profile.items()},
        "metric": shown.label(event.metric),
        "unique_id": shown.label(event.unique_id),
        "time": event.time.isoformat(),
        "value": shown.label(event.value),
        "value_currency": shown.label(event.value_currency),
        "backfill": event.backfill,
        "properties": _indented(json.loads(properties)),
    }


def sent(event: contents.Sent, flaws: int) -> Row:
    """A row for an event as it stands in a request."""
    given = event.attributes
    return {
        "at": pointer(event.path),
        "profile": {name: shown.label(value) for name, value in event.profile.items()},
        "metric": shown.label(event.metric),
        "unique_id": shown.label(event.unique_id),
        "time": shown.label(given.get("time")),
        "value": shown.label(given.get("value")),
        "value_currency": shown.label(given.get("value_currency")),
        "backfill": bool(given.get("backfill")),
        "properties": _indented(given.get("properties")),
        "flaws": flaws,
    }


def _indented(value: Any) -> str:
    return shown.text(json.dumps(value, ensure_ascii=False, indent=2), _PROPERTIES_LENGTH)
