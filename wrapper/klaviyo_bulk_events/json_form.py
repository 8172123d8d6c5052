"""Any value as JSON, at whatever price; whether there was one is noted."""

import math
from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

_DEEPEST: Final = 100
_LONGEST_INTEGER: Final = 4_000
"""Digits: Python refuses to write longer ones."""


class JsonForm:
    """Makes JSON of values. `altered`: something that JSON can't say was replaced.

    Naive datetimes are times in the zone `local`.
    """

    def __init__(self, local: tzinfo | None = None) -> None:
        self.altered = False
        self._local = local

    def of(self, value: Any, level: int = 1) -> Any:
        """The value in dicts, lists, texts, numbers, booleans and None."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Enum):
            return self.of(value.value, level)
        if isinstance(value, Mapping | list | tuple):
            return self._container(value, level)
        if isinstance(value, int | float | Decimal):
            return self._number(value)
        return self._other(value, level)

    def _container(self, value: Any, level: int) -> Any:
        if level > _DEEPEST:
            return self._replaced("nested too deep")
        if isinstance(value, Mapping):
            return {self._key(key): self.of(item, level + 1) for key, item in value.items()}
        return [self.of(item, level + 1) for item in value]

    def _key(self, key: Any) -> str:
        return self._text(key) if isinstance(key, str) else self._replaced(str(key))

    def _text(self, value: str) -> str:
        text = str.__str__(value)
        whole = text.encode(errors="replace").decode()
        self.altered |= whole != text
        return whole

    def _number(self, value: float | Decimal) -> Any:
        if isinstance(value, int):
            short = abs(value) < 10**_LONGEST_INTEGER
            return int(value) if short else self._replaced("thousands of digits")
        if isinstance(value, Decimal):
            return self._decimal(value)
        return float(value) if math.isfinite(value) else self._replaced(str(value))

    def _decimal(self, value: Decimal) -> Any:
        if not value.is_finite() or abs(value.adjusted()) > _LONGEST_INTEGER:
            return self._replaced(str(value))
        if value == value.to_integral_value():
            return int(value)
        rounded = float(value)
        return rounded if math.isfinite(rounded) else self._replaced(str(value))

    def _other(self, value: Any, level: int) -> Any:
        if isinstance(value, datetime) and value == value and value.tzinfo is None:
            return value.replace(tzinfo=self._local).isoformat()
        if isinstance(value, date | time) and value == value:
            return value.isoformat()
        if isinstance(value, UUID):
            return str(value)
        if hasattr(value, "dtype") and hasattr(value, "tolist"):
            return self.of(value.tolist(), level)
        return self._replaced(str(value))

    def _replaced(self, text: str) -> str:
        self.altered = True
        return self._text(text)
