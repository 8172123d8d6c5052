"""Columns that dlt made of one, because its values were of several types.

A time of "soon" among timestamps stands in a column beside theirs. Left there it would be lost, or
a property of its own: put back, it is what its row is rejected for, and no other.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson
import pyarrow as pa

_NAME: Final = re.compile(r"(.+)(?:▶|__)v_[a-z]+", re.DOTALL)


def variants(columns: Mapping[str, Any]) -> dict[str, list[str]]:
    """The columns whose values are spread, with all that hold some of them."""
    mixed: dict[str, list[str]] = {}
    for name, column in columns.items():
        if column.get("variant") and (match := _NAME.fullmatch(name)):
            mixed.setdefault(match[1], [match[1]]).append(name)
    return mixed


def joined(batch: Any, mixed: Mapping[str, list[str]], columns: Mapping[str, Any]) -> Any:
    """The batch with each of the spread columns as one of JSON texts, at its end."""
    for base, names in mixed.items():
        held = [name for name in names if name in batch.schema.names]
        parts = [_texts(batch[name], columns[name].get("data_type") == "json") for name in held]
        rows = zip(*parts, strict=True) if parts else [()] * len(batch)
        texts = [next((text for text in row if text is not None), None) for row in rows]
        rest = [name for name in batch.schema.names if name not in held]
        batch = batch.select(rest).append_column(base, pa.array(texts, pa.string()))
    return batch


def _texts(array: Any, are_json: bool) -> list[str | None]:
    values: list[Any] = array.to_pylist()
    if are_json:
        return values
    return [
        None if value is None else orjson.dumps(value, default=_number).decode() for value in values
    ]


def _number(value: object) -> int | float | str:
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return str(value)
