"""Outcomes as record batches."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.problems import Problem

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
_NONE: Final = Problem("", "", "")


class OutcomeRows:
    """Collects outcomes of one account."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, outcome: Outcome, chunk: int | None) -> None:
        """Take one more."""
        problem = outcome.problems[0] if outcome.problems else _NONE
        self._rows.append(
            (
                outcome.position,
                self._account,
                outcome.status.value,
                problem.code or None,
                problem.pointer if problem.code else None,
                problem.message or None,
                outcome.time,
                outcome.unique_id,
                chunk,
            )
        )

    def taken(self) -> Iterator[Any]:
        """The batch of all that were collected, if there are any, which are then let go."""
        if self._rows:
            rows, self._rows = self._rows, []
            columns = zip(*rows, strict=True)
            yield pa.record_batch(
                [
                    pa.array(column, field.type)
                    for column, field in zip(columns, OUTCOMES, strict=True)
                ],
                schema=OUTCOMES,
            )
