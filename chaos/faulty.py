"""Records that break a rule, each in one way."""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from chaos.plan import Plan
from klaviyo_bulk_events.limits import (
    EMAIL_LENGTH,
    EVENT_PROPERTIES,
    EXTERNAL_ID_LENGTH,
    LARGEST_INTEGER,
    METRIC_NAME_LENGTH,
    NESTING_LEVELS,
    STRING_BYTES,
    UNIQUE_ID_LENGTH,
)

Fields = dict[str, Any]
Write = Callable[[Mapping[str, Any]], bytes]

_ANYWHERE: Final[tuple[Fields, ...]] = (
    {"profile": {"first_name": "Nobody"}},
    {"profile": {"phone_number": "0117 496 0000"}},
    {"profile": {"email": "nobody"}},
    {"profile": {"email": "a" * EMAIL_LENGTH.value + "@shop.invalid"}},
    {"profile": {"external_id": "a" * (EXTERNAL_ID_LENGTH.value + 1)}},
    {"time": None},
    {"time": "yesterday"},
    {"time": "1999-12-31T23:59:59Z"},
    {"time": "2999-01-01T00:00:00Z"},
    {"metric": None},
    {"metric": "a" * (METRIC_NAME_LENGTH.value + 1)},
    {"value": "12,50"},
    {"unique_id": "a" * (UNIQUE_ID_LENGTH.value + 1)},
    {"backfill": "perhaps"},
)
_IN_JSON: Final[tuple[Fields, ...]] = (
    {"metrik": "Ordered Product"},
    {"profile": "c1@shop.invalid"},
    {"profile": {"e-mail": "c1@shop.invalid"}},
    {"properties": ["n", 1]},
    {"properties": {f"p{n}": n for n in range(EVENT_PROPERTIES.value + 1)}},
    {"properties": {"deep": json.loads("[" * NESTING_LEVELS.value + "]" * NESTING_LEVELS.value)}},
    {"properties": {"large": LARGEST_INTEGER.value + 1}},
    {"unique_id": True},
)
_LONG: Final[Fields] = {"properties": {"text": "a" * (STRING_BYTES.value + 1)}}
_LONG_ONES: Final = 0.01


def faulty_text(fields: Fields, plan: Plan, random: Random, write: Write) -> bytes:
    """A JSON line that is none, or whose record breaks a rule."""
    line = write(fields)
    texts = (
        line[: len(line) // 2],
        b"[1, 2]",
        line[:-1] + b', "score": NaN}',
        line.replace(b"Mug", b"\xff\xfe"),
        line.replace(b"Mug", b"\\ud800"),
        line + line,
    )
    if random.random() < _LONG_ONES:
        return write({**fields, **_LONG})
    if random.random() < 0.2:
        return random.choice(texts)
    return write(_spoilt(fields, plan, random, _ANYWHERE + _IN_JSON))


def faulty_row(fields: Fields, plan: Plan, random: Random, write: Write) -> bytes:
    """A CSV row that is none, or whose record breaks a rule."""
    row = write(fields)
    texts = (row + b",more", b"lonely", b'"' + row, row.replace(b"Mug", b"\xff\xfe"))
    if random.random() < 0.2:
        return random.choice(texts)
    return write(_spoilt(fields, plan, random, _ANYWHERE))


def _spoilt(fields: Fields, plan: Plan, random: Random, ways: tuple[Fields, ...]) -> Fields:
    ways += ({"backfill": _wrong_flow(plan)},)
    if plan.timezone is None:
        ways += ({"time": "2025-06-01T12:00:00"},)
    spoilt = {**fields, **random.choice(ways)}
    return {name: value for name, value in spoilt.items() if value is not None}


def _wrong_flow(plan: Plan) -> bool | None:
    """Where every event says it itself, none; else the other one."""
    return None if plan.flow == "mixed" else plan.flow != "backfill"
