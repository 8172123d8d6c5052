"""Outcomes as JSON lines: what was set aside can be mended, and sent again."""

import json
import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

from klaviyo_bulk_events.json_form import JsonForm
from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.records import Event, Location, Profile

ALTERED: Final = "altered"
"""What marks an outcome in whose record something that JSON can't say was replaced."""

NOT_MENDED: Final = Problem(
    "",
    "not_mended",
    f'what JSON can\'t say was replaced in this record: mend it, then take "{ALTERED}" out',
)
"""What such a record is rejected for when it is sent again as it is."""

_BEGINNING: Final = re.compile(
    rb'\s*\{"origin": (?:null|"(?:[^"\\]|\\.)*"), "status": "[a-z]+", "problems": \['
)


def line(outcome: Outcome, backfill: bool | None, local: tzinfo | None) -> bytes:
    """The outcome as a line of JSON whose record, sent again, is the same event."""
    form = JsonForm(local)
    document = {
        "origin": outcome.origin,
        "status": outcome.status.value,
        "problems": [
            {"pointer": p.pointer, "code": p.code, "message": p.message} for p in outcome.problems
        ],
    }
    document = form.of(document)
    form.altered = False
    document["record"] = form.of(_record(outcome, backfill))
    if form.altered or NOT_MENDED in outcome.problems:
        document[ALTERED] = True
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def begins_with_line(text: bytes) -> bool:
    """Whether a text begins as a line that was made here, of which the end may be missing."""
    return _BEGINNING.match(text) is not None


def _record(outcome: Outcome, backfill: bool | None) -> dict[str, Any]:
    record = as_record(outcome.record)
    if outcome.time is not None:
        record["time"] = outcome.time
    if outcome.unique_id is not None:
        record["unique_id"] = outcome.unique_id
    if backfill is not None and record and record.keys() != {"line"}:
        record.setdefault("backfill", backfill)
    return record


def as_record(record: object) -> dict[str, Any]:
    """What was given, in record form; of what is no record, what there is."""
    if isinstance(record, Event):
        return _given(record)
    if record is None or isinstance(record, Mapping):
        return dict(record or {})
    return {"record": record}


def _given(record: Event | Profile | Location) -> dict[str, Any]:
    return {
        name: _given(value) if isinstance(value, Profile | Location) else value
        for name, value in vars(record).items()
        if value is not None
    }
