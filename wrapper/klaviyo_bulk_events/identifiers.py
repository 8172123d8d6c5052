"""Identifiers as the text that goes out."""

import re
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from klaviyo_bulk_events import values
from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.walk import from_numpy, is_finite

_LARGEST_EXACT: Final = 2**53
# No identifier may be that long, and Python refuses to write a number that is much longer.
_MOST_DIGITS: Final = 10**1_000
_FLOAT: Final = re.compile(r"-?\d+\.0", re.ASCII)


def as_text(value: Any, pointer: str) -> str:
    """An identifier as text: a whole number becomes its digits. Raises RecordError."""
    if type(value) is str and value:
        return values.text(value, pointer)
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str | UUID):
        if value == "":
            raise _fault(pointer, "empty", "an identifier can't be empty: leave it out")
        return values.text(value, pointer)
    value = from_numpy(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        kind = type(value).__name__
        raise _fault(pointer, "wrong_type", f"an identifier is text, not {kind}")
    return _digits(value, pointer)


def float_warning(text: str | None, pointer: str) -> Problem | None:
    """The warning for an identifier that reads like a whole number that was made a float."""
    if text is None or not _FLOAT.fullmatch(text):
        return None
    message = (
        "the identifier ends in .0 like a whole number that was read as a float, and names "
        "somebody or something else than the number: read its column as text or as integers"
    )
    return Problem(pointer, "looks_like_a_float", message)


def _digits(value: float | Decimal, pointer: str) -> str:
    if not is_finite(value):
        message = "an identifier can't be NaN or Infinity: leave a missing one out"
        raise _fault(pointer, "not_finite", message)
    if not -_MOST_DIGITS < value < _MOST_DIGITS:
        raise _fault(pointer, "identifier_too_long", "no identifier has that many digits")
    if value != int(value):
        message = "an identifier can't have a fraction: read its column as text"
        raise _fault(pointer, "fractional_identifier", message)
    if isinstance(value, float) and abs(value) > _LARGEST_EXACT:
        message = "a float this long has lost digits of the identifier: read its column as text"
        raise _fault(pointer, "inexact_identifier", message)
    return str(int(value))


def _fault(pointer: str, code: str, message: str) -> RecordError:
    return RecordError(Problem(pointer, code, message))
