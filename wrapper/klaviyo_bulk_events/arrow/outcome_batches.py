"""Outcomes as record batches."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import pyarrow as pa

from klaviyo_bulk_events.outcomes import Outcome

OUTCOMES: Final = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("account", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("code", pa.string()),
        pa.field("pointer", pa.string()),
        pa.field("message", pa.string()),
        pa.field("time", pa.string()),
        pa.field("unique_id", pa.string()),
        pa.field("chunk", pa.int64()),
    ]
)
"""The schema of outcomes, a row for each event.

`position` counts the rows that were given from 0. `code`, `pointer` and `message` are those of the
first problem; `time` (RFC 3339) and `unique_id` are what went out, or would have. `chunk` is the
number of the request in the run, null for what was settled before.
"""
_NOTHING: Final = (None, None, None)


def batch_of(outcomes: Sequence[Outcome], account: str, chunk_of: Callable[[int], Any]) -> Any:
    """The outcomes of an account; `chunk_of` gives the number of the chunk, by the position."""
    problems = [_told(outcome) for outcome in outcomes]
    positions = [outcome.position for outcome in outcomes]
    columns = (
        positions,
        [account] * len(outcomes),
        [outcome.status.value for outcome in outcomes],
        *zip(*problems, strict=True),
        [outcome.time for outcome in outcomes],
        [outcome.unique_id for outcome in outcomes],
        [chunk_of(position) for position in positions],
    )
    arrays = [pa.array(column, field.type) for column, field in zip(columns, OUTCOMES, strict=True)]
    return pa.record_batch(arrays, schema=OUTCOMES)


def _told(outcome: Outcome) -> tuple[str | None, str | None, str | None]:
    if not outcome.problems:
        return _NOTHING
    first = outcome.problems[0]
    return first.code, first.pointer, first.message
