"""Rows of good events, as batches."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa


def rows(count: int, **fields: Any) -> list[dict[str, Any]]:
    """So many good rows, with these fields as well."""
    return [
        {
            "metric": "Ordered Product",
            "profile.external_id": str(number % 7),
            "properties.number": number,
            "time": "2025-05-05T12:00:00Z",
            "unique_id": f"order-{number}",
            **fields,
        }
        for number in range(count)
    ]


def batches(given: list[dict[str, Any]], size: int = 700) -> Iterator[Any]:
    """The rows in batches of at most so many."""
    for start in range(0, len(given), size):
        yield pa.RecordBatch.from_pylist(given[start : start + size])


def outcomes(answers: Iterable[Any]) -> list[dict[str, Any]]:
    """What batches of outcomes say, in the order of the rows."""
    told = [row for batch in answers for row in batch.to_pylist()]
    return sorted(told, key=lambda row: row["position"])
