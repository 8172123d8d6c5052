"""Values inside properties, as the JSON that a reader would expect.

`encode` takes the fast road for what orjson writes soundly by itself and walks only the rest.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

import orjson

from klaviyo_bulk_events.limits import ARRAY_ITEMS, NESTING_LEVELS, STRING_BYTES
from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.walk import Walk, is_numpy

PLAIN: Final = (
    orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
)
_LONGEST_STRING: Final = STRING_BYTES.value
_MOST_LEVELS: Final = NESTING_LEVELS.value
_MOST_ITEMS: Final = ARRAY_ITEMS.value
_SCALARS: Final = frozenset({Decimal, datetime, date})
# One item more takes a digit and a comma for each, and the brackets.
_TOO_SHORT_FOR_ARRAYS: Final = 2 * _MOST_ITEMS


def encode(
    properties: Mapping[str, Any], pointer: str, local: tzinfo | None = None, *, sort: bool = False
) -> bytes:
    """The properties as JSON bytes, with keys in order if `sort`.

    Naive datetimes are times in the zone `local`. Raises RecordError with a problem for every
    value that has no JSON or breaks a limit. An `orjson.Fragment` is refused where a walk is
    needed only: elsewhere orjson copies it unread, and a look at every value for it would take
    longer than the encoding. Its maker answers for its being JSON.
    """
    order = orjson.OPT_SORT_KEYS if sort else 0
    try:
        data = orjson.dumps(properties, scalar, PLAIN | order)
    except TypeError:  # orjson.JSONEncodeError is one
        data = b""
    if data and is_sound(data):
        return data
    return orjson.dumps(walked(properties, pointer, local), None, order)


def scalar(value: Any) -> Any:
    """What orjson is to write for a Decimal or a time, as the walk would have it.

    Raises TypeError for anything else, and for what is wrong or in need of a zone.
    """
    if type(value) not in _SCALARS:
        raise TypeError
    walk = Walk(None)
    plain = walk.value(value, "")
    if walk.problems:
        raise TypeError
    return plain


def is_sound(data: bytes, brackets: int = 0) -> bool:
    """Whether the bytes of an object prove that nothing in it breaks a limit.

    `brackets` of those in the bytes don't count.

    No `null`: there was no NaN. No more brackets than levels: not too deep. Shorter than a limit:
    no part exceeds it. Integers are orjson's own check, which refuses what is above 53 bits. False
    proves nothing: then a walk decides.
    """
    size = len(data)
    # bytes.replace finds a byte with memchr, bytes.count looks at every one: this is three times
    # as fast, as is rfind against find for a word.
    opening = 2 * size - len(data.replace(b"{", b"")) - len(data.replace(b"[", b""))
    return (
        opening - brackets <= _MOST_LEVELS
        and size <= _LONGEST_STRING
        and data.rfind(b"null") < 0
        and (size <= _TOO_SHORT_FOR_ARRAYS or data.count(b",") < _MOST_ITEMS)
    )


def walked(value: Any, pointer: str, local: tzinfo | None = None) -> Any:
    """The value as plain dicts, lists, texts and numbers.

    Raises RecordError with what is wrong inside it.
    """
    walk = Walk(local)
    plain = walk.value(value, pointer)
    if walk.problems:
        raise RecordError(*walk.problems)
    return plain


def text(value: Any, pointer: str) -> str:
    """A text that can go out. Raises RecordError."""
    if type(value) is str and value.isascii() and len(value) <= _LONGEST_STRING:
        return value
    plain = walked(value, pointer) if isinstance(value, str | Enum | UUID) else None
    if isinstance(plain, str):
        return plain
    raise _wrong_type(pointer, "text", value)


def number(value: Any, pointer: str) -> int | float:
    """A number as JSON has it. Raises RecordError."""
    if type(value) is float and math.isfinite(value):
        return value
    plain = walked(value, pointer) if _may_be_number(value) else None
    if isinstance(plain, int | float) and not isinstance(plain, bool):
        return plain
    raise _wrong_type(pointer, "a number", value)


def _may_be_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal | Enum) or is_numpy(value)


def _wrong_type(pointer: str, wanted: str, value: object) -> RecordError:
    message = f"this must be {wanted}, not {type(value).__name__}"
    return RecordError(Problem(pointer, "wrong_type", message))
