"""From Arrow's types to values that have a JSON form.

Columns are read whole rather than cell by cell, so nested ones are taken apart here: pyarrow makes
a scalar of every list and struct in them. Times are made of their numbers: pyarrow's own way needs
pandas for nanoseconds, and raises for a whole batch where one is out of range.
"""

import base64
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, Final, TypeAlias

import pyarrow as pa
from pyarrow import types

Read: TypeAlias = Callable[[Any], list[Any]]
"""From an array to its values; None is a cell that is not given."""

_EPOCH: Final = datetime(1970, 1, 1)
_EPOCH_UTC: Final = _EPOCH.replace(tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_DAY_MILLISECONDS: Final = 86_400_000
_PARTS: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""How many of a unit make a second."""


class TimeOutOfRange:
    """Stands in for a time that Python can't hold: its record is rejected, and no other."""


class MapWithRepeatedKey:
    """Stands in for a map that no object can say: its record is rejected, and no other."""


class UnreadableTypeError(Exception):
    """A type has no JSON form; the text says why."""


def reader(kind: Any, *, zoned: bool) -> Read:
    """How columns of this type are read; `zoned`: times without a zone are known to have one.

    Raises UnreadableTypeError.
    """
    for is_kind, make in _NESTED:
        if is_kind(kind):
            return make(kind, partial(reader, zoned=zoned))
    if types.is_timestamp(kind) and kind.tz is None and not zoned:
        raise UnreadableTypeError(
            "its times have no zone: say which one they are in, by Intake(timezone=...)"
        )
    for is_kind, make_leaf in _LEAVES:
        if is_kind(kind):
            return make_leaf(kind)
    raise UnreadableTypeError(f"{kind} has no JSON form: cast it to a type that has one")


def _plain(_: Any) -> Read:
    return _values


def _values(array: Any) -> list[Any]:
    values: list[Any] = array.to_pylist()
    return values


def _nulls(_: Any) -> Read:
    return lambda array: [None] * len(array)


def _halves(_: Any) -> Read:
    return lambda array: _values(array.cast(pa.float32()))


def _bytes(_: Any) -> Read:
    return lambda array: _each(_values(array), lambda held: base64.b64encode(held).decode())


def _timestamps(kind: Any) -> Read:
    epoch = _EPOCH if kind.tz is None else _EPOCH_UTC
    unit = _PARTS[kind.unit]

    def moment(number: int) -> Any:
        try:
            return epoch + timedelta(microseconds=number * 1_000_000 // unit)
        except OverflowError:
            return TimeOutOfRange()

    return lambda array: _each(_values(array.view(pa.int64())), moment)


def _days(kind: Any) -> Read:
    width, unit = (pa.int32(), 1) if types.is_date32(kind) else (pa.int64(), _DAY_MILLISECONDS)

    def day(number: int) -> Any:
        try:
            return date.fromordinal(_EPOCH_DAY + number // unit)
        except (ValueError, OverflowError):
            return TimeOutOfRange()

    return lambda array: _each(_values(array.view(width)), day)


def _clocks(kind: Any) -> Read:
    unit = _PARTS[kind.unit]
    width = pa.int32() if types.is_time32(kind) else pa.int64()

    def clock(number: int) -> Any:
        seconds, part = divmod(number * 1_000_000 // unit, 1_000_000)
        try:
            return time(seconds // 3600, seconds // 60 % 60, seconds % 60, part).isoformat()
        except ValueError:
            return TimeOutOfRange()

    return lambda array: _each(_values(array.view(width)), clock)


def _durations(kind: Any) -> Read:
    unit = _PARTS[kind.unit]

    def seconds(number: int) -> int | float:
        return number / unit if number % unit else number // unit

    return lambda array: _each(_values(array.view(pa.int64())), seconds)


def _each(values: Iterable[Any], convert: Callable[[Any], Any]) -> list[Any]:
    return [None if value is None else convert(value) for value in values]


def _dictionary(kind: Any, inner: Callable[[Any], Read]) -> Read:
    read = inner(kind.value_type)

    def decoded(array: Any) -> list[Any]:
        if len(array.dictionary) > len(array):  # a part of a batch, which needs few of all values
            return read(array.dictionary_decode())
        values = read(array.dictionary)
        return _each(_values(array.indices), values.__getitem__)

    return decoded


def _lists(kind: Any, inner: Callable[[Any], Read]) -> Read:
    read = inner(kind.value_type)

    def lists(array: Any) -> list[Any]:
        spans, (first, last) = _spans(array)
        values = read(array.values.slice(first, last - first))
        return _each(spans, lambda span: values[span])

    return lists


def _fixed_lists(kind: Any, inner: Callable[[Any], Read]) -> Read:
    read, size = inner(kind.value_type), kind.list_size

    def lists(array: Any) -> list[Any]:
        values = read(array.values.slice(array.offset * size, len(array) * size))
        given = _values(array.is_valid())
        return [
            values[at * size : (at + 1) * size] if is_given else None
            for at, is_given in enumerate(given)
        ]

    return lists


def _maps(kind: Any, inner: Callable[[Any], Read]) -> Read:
    if not _is_text(getattr(kind.key_type, "value_type", kind.key_type)):
        raise UnreadableTypeError(f"the keys of {kind} must be text: an object has no others")
    read_keys, read_items = inner(kind.key_type), inner(kind.item_type)

    def maps(array: Any) -> list[Any]:
        spans, (first, last) = _spans(array)
        keys = read_keys(array.keys.slice(first, last - first))
        items = read_items(array.items.slice(first, last - first))
        return _each(spans, lambda span: _object(keys[span], items[span]))

    return maps


def _object(keys: list[str], items: list[Any]) -> Any:
    if len(set(keys)) < len(keys):
        return MapWithRepeatedKey()
    return {key: item for key, item in zip(keys, items, strict=True) if item is not None}


def _structs(kind: Any, inner: Callable[[Any], Read]) -> Read:
    names = [kind.field(at).name for at in range(kind.num_fields)]
    if len(set(names)) < len(names):
        raise UnreadableTypeError(f"{kind} has two fields of one name")
    reads = [inner(kind.field(at).type) for at in range(kind.num_fields)]

    def structs(array: Any) -> list[Any]:
        parts = [read(part) for read, part in zip(reads, array.flatten(), strict=True)]
        rows = zip(*parts, strict=True) if parts else [()] * len(array)
        given = _values(array.is_valid())
        return [
            {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
            if is_given
            else None
            for row, is_given in zip(rows, given, strict=True)
        ]

    return structs


def _spans(array: Any) -> tuple[list[slice | None], tuple[int, int]]:
    """Where each list is among the values that all of them take; and where those begin and end."""
    offsets = _values(array.offsets)
    first = offsets[0] if offsets else 0
    spans = [
        slice(begin - first, end - first) if is_given else None
        for (begin, end), is_given in zip(pairwise(offsets), _values(array.is_valid()), strict=True)
    ]
    return spans, (first, offsets[-1] if offsets else 0)


def _is_text(kind: Any) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_binary(kind: Any) -> bool:
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def _is_wide_float(kind: Any) -> bool:
    return bool(types.is_float32(kind) or types.is_float64(kind))


_Is: TypeAlias = Callable[[Any], bool]
_NESTED: Final[tuple[tuple[_Is, Callable[[Any, Callable[[Any], Read]], Read]], ...]] = (
    (types.is_dictionary, _dictionary),
    (types.is_list, _lists),
    (types.is_large_list, _lists),
    (types.is_fixed_size_list, _fixed_lists),
    (types.is_map, _maps),
    (types.is_struct, _structs),
)
_LEAVES: Final[tuple[tuple[_Is, Callable[[Any], Read]], ...]] = (
    (types.is_null, _nulls),
    (types.is_boolean, _plain),
    (types.is_integer, _plain),
    (types.is_float16, _halves),
    (_is_wide_float, _plain),
    (types.is_decimal, _plain),
    (_is_text, _plain),
    (_is_binary, _bytes),
    (types.is_timestamp, _timestamps),
    (types.is_date, _days),
    (types.is_time, _clocks),
    (types.is_duration, _durations),
)
