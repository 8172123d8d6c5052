"""Cells as the types that columns are mapped to."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeAlias

from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.sources import json_text

Convert: TypeAlias = Callable[[Any, str], Any]
"""From a cell, and the pointer to the field that it becomes, to the value. Raises RecordError."""

_INTEGER: Final = re.compile(r"[+-]?\d{1,400}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BOOLEANS: Final = {
    "true": True,
    "false": False,
    "yes": True,
    "no": False,
    "1": True,
    "0": False,
}


def number(cell: Any, pointer: str) -> Any:
    """A number; a text must be one with a point and nothing else in it."""
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        return cell
    text = cell.strip() if isinstance(cell, str) else ""
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    message = "this must be a number: digits, with a point and nothing between thousands"
    raise RecordError(Problem(pointer, "not_a_number", message))


def boolean(cell: Any, pointer: str) -> bool:
    """True, false, yes, no, 1 or 0, in any case."""
    text = str(cell).strip().lower()
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    message = f"this must be one of {', '.join(_BOOLEANS)}"
    raise RecordError(Problem(pointer, "not_a_boolean", message))


def json(cell: Any, pointer: str) -> Any:
    """What a JSON text holds; what is no text is left alone."""
    if not isinstance(cell, str):
        return cell
    try:
        return json_text.parse(cell.encode(errors="surrogatepass"))
    except RecordError as error:
        problems = (Problem(pointer, p.code, p.message) for p in error.problems)
        raise RecordError(*problems) from None


def text(cell: Any, pointer: str) -> str:
    """The cell as text."""
    return cell if isinstance(cell, str) else str(cell)


TYPES: Final[dict[str, Convert]] = {
    "text": text,
    "number": number,
    "boolean": boolean,
    "json": json,
}
