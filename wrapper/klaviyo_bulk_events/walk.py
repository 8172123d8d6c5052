"""Walks through a value and everything in it: slow, and says exactly what is wrong and where."""

import math
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from klaviyo_bulk_events.limits import (
    ARRAY_ITEMS,
    LARGEST_INTEGER,
    NESTING_LEVELS,
    SMALLEST_INTEGER,
    STRING_BYTES,
)
from klaviyo_bulk_events.problems import MANY, Problem, RecordError, below

# Times and spans of which numpy would make bare integers.
_TOO_FINE: Final = ("[ns]", "[ps]", "[fs]", "[as]")


class Walk:
    """Makes values plain, noting the problems met.

    Naive datetimes are times in the zone `local`.
    """

    def __init__(self, local: tzinfo | None) -> None:
        self.problems: list[Problem] = []
        self._local = local

    def value(self, value: Any, pointer: str, level: int = 1) -> Any:
        """The value as plain dicts, lists, texts and numbers; None where there was a problem.

        Raises RecordError once there are more problems than anybody wants to read.
        """
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Enum):
            return self.value(value.value, pointer, level)
        if isinstance(value, Mapping | list | tuple):
            return self._container(value, pointer, level)
        if is_numpy(value):
            return self._numpy(value, pointer, level)
        return self._scalar(value, pointer)

    def _container(self, value: Any, pointer: str, level: int) -> Any:
        if level > NESTING_LEVELS.value:
            message = f"nesting is limited to {NESTING_LEVELS.value} levels"
            return self._refuse(pointer, "too_deep", message)
        if isinstance(value, Mapping):
            return {
                self._key(key, pointer): self.value(item, below(pointer, key), level + 1)
                for key, item in value.items()
            }
        if len(value) > ARRAY_ITEMS.value:
            message = f"an array is limited to {ARRAY_ITEMS.value:,} items"
            return self._refuse(pointer, "too_many_items", message)
        return [self.value(item, below(pointer, n), level + 1) for n, item in enumerate(value)]

    def _numpy(self, value: Any, pointer: str, level: int) -> Any:
        plain = from_numpy(value)
        if is_numpy(plain) or value.dtype.kind == "m":  # a long double stays what it is
            return self._not_json(value, pointer)
        if value.dtype.kind == "M" and (value != value).any():
            return self._refuse(pointer, "not_json", "NaT has no JSON: leave it out")
        return self.value(plain, pointer, level)

    def _scalar(self, value: Any, pointer: str) -> Any:
        if isinstance(value, str):
            return self._text(value, pointer)
        if isinstance(value, int):
            return self._integer(value, pointer)
        if isinstance(value, float | Decimal):
            return self._number(value, pointer)
        if isinstance(value, datetime):
            return self._moment(value, pointer)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, UUID):
            return str(value)
        return self._not_json(value, pointer)

    def _text(self, value: str, pointer: str) -> str:
        try:
            size = len(value) if value.isascii() else len(value.encode())
        except UnicodeEncodeError:
            self._refuse(pointer, "lone_surrogate", "the text holds half a surrogate pair")
            return ""
        if size > STRING_BYTES.value:
            message = f"a string is limited to {STRING_BYTES.value:,} bytes, this has {size:,}"
            self._refuse(pointer, "string_too_long", message)
        return str.__str__(value)

    def _key(self, key: Any, pointer: str) -> str:
        if isinstance(key, str):
            return self._text(key, below(pointer, key))
        self._refuse(pointer, "keys_not_text", f"every key must be text, not {type(key).__name__}")
        return ""

    def _integer(self, value: int | Decimal, pointer: str) -> Any:
        if SMALLEST_INTEGER.value <= value <= LARGEST_INTEGER.value:
            return int(value)
        message = "integers are signed 64-bit: send a longer one as text"
        return self._refuse(pointer, "integer_out_of_range", message)

    def _number(self, value: float | Decimal, pointer: str) -> Any:
        if not is_finite(value):
            return self._refuse(pointer, "not_finite", "NaN and Infinity have no JSON")
        if isinstance(value, Decimal) and value == value.to_integral_value():
            return self._integer(value, pointer)
        number = float(value)
        if math.isfinite(number):
            return number
        return self._refuse(pointer, "number_out_of_range", "the number exceeds a double's range")

    def _moment(self, value: datetime, pointer: str) -> Any:
        if value != value:  # pandas.NaT is a datetime that is not itself
            return self._refuse(pointer, "not_json", "NaT has no JSON: leave it out")
        if value.utcoffset() is None:
            if self._local is None:
                message = "the datetime is naive: give it a zone, or say which one it is in"
                return self._refuse(pointer, "naive_time", message)
            value = value.replace(tzinfo=self._local)
        return datetime.isoformat(value)  # pandas' own adds nanoseconds

    def _not_json(self, value: object, pointer: str) -> Any:
        kind = type(value).__name__
        return self._refuse(pointer, "not_json", f"{kind} has no JSON: make it text or a number")

    def _refuse(self, pointer: str, code: str, message: str) -> Any:
        """Note a problem; what it returns stands in for the value and is never sent."""
        self.problems.append(Problem(pointer, code, message))
        if len(self.problems) == MANY:
            raise RecordError(*self.problems)


def is_finite(value: float | Decimal) -> bool:
    """Whether it is neither NaN nor infinite.

    `math.isfinite` breaks at a decimal's signaling NaN, and at integers longer than a float.
    """
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int) or math.isfinite(value)


def from_numpy(value: Any) -> Any:
    """What a numpy scalar or array holds, in Python's types; anything else as it is."""
    if not is_numpy(value):
        return value
    if value.dtype.str.endswith(_TOO_FINE):
        value = value.astype(f"{value.dtype.kind}8[us]")
    return value.tolist()


def is_numpy(value: object) -> bool:
    """Whether it is a numpy scalar or array; numpy itself need not be there."""
    return type(value).__module__ == "numpy" and hasattr(value, "tolist")
