"""Values of somebody's JSON as text of bounded length."""

import json
from typing import Any, Final

_LENGTH: Final = 2_000


def text(value: str, length: int = _LENGTH) -> str:
    """The text, cut to a length."""
    return value if len(value) <= length else f"{value[:length]}… ({len(value):,} characters)"


def as_json(value: Any, length: int = _LENGTH) -> str:
    """A value as JSON, its integers unrounded."""
    return text(json.dumps(value, ensure_ascii=False), length)


def label(value: Any, length: int = 300) -> str | None:
    """A text as it is, anything else as JSON; None where there is nothing."""
    if value is None or isinstance(value, str):
        return value if value is None else text(value, length)
    return as_json(value, length)
