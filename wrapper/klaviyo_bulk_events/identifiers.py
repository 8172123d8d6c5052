"""Identifiers as the text that goes out."""

import math
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from klaviyo_bulk_events import values
from klaviyo_bulk_events.problems import Problem, RecordError

_LARGEST_EXACT: Final = 2**53


def as_text(value: Any, pointer: str) -> str:
    """An identifier as text: a whole number becomes its digits. Raises RecordError."""
    if isinstance(value, str):
        if value:
            return values.text(value, pointer)
        raise RecordError(Problem(pointer, "empty", "an identifier can't be empty: leave it out"))
    if isinstance(value, UUID):
        return str(value)
    if hasattr(value, "dtype") and hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        kind = type(value).__name__
        raise RecordError(Problem(pointer, "wrong_type", f"an identifier is text, not {kind}"))
    return _digits(value, pointer)


def _digits(value: float | Decimal, pointer: str) -> str:
    if isinstance(value, int):
        return str(int(value))
    if not math.isfinite(value):
        message = "an identifier can't be NaN or Infinity: leave a missing one out"
        raise RecordError(Problem(pointer, "not_finite", message))
    if value != int(value):
        message = "an identifier can't have a fraction: read its column as text"
        raise RecordError(Problem(pointer, "fractional_identifier", message))
    if isinstance(value, float) and abs(value) > _LARGEST_EXACT:
        message = "a float this long has lost digits of the identifier: read its column as text"
        raise RecordError(Problem(pointer, "inexact_identifier", message))
    return str(int(value))
