"""From record batches to records."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, Final

import pyarrow as pa

from klaviyo_bulk_events.arrow.columns import Read, UnreadableTypeError, reader
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.sources.cells import Convert, json
from klaviyo_bulk_events.sources.fields import is_field, meant_by
from klaviyo_bulk_events.sources.rules import Rules
from klaviyo_bulk_events.sources.table import Table

_ROWS_AT_ONCE: Final = 4_096
"""So many rows are in Python's objects at a time, however large a batch is."""
_JSON: Final = ("properties", "profile.properties")
_STRUCTS: Final = ("profile", "profile.location")
_NAME: Final = "the batch"


class Rows:
    """The rows of record batches as records, in their order.

    `read` counts those that were handed out; `ended` once there are no more. The first batch is
    pulled at once. Raises ConfigurationError, before the first row, for columns that are no fields
    or have no JSON form, and later for a batch of another schema.
    """

    def __init__(self, batches: Iterable[Any], rules: Rules, *, zoned: bool) -> None:
        self.read = 0
        self.ended = False
        source = iter(batches)
        first = next(source, None)
        self._batches = chain([] if first is None else [first], source)
        if first is not None:
            self._schema = _checked(first).schema
            self._readers = _readers(self._schema, zoned=zoned)
            self._table = Table(_NAME, self._schema.names, rules, _own(self._schema))

    def __iter__(self) -> Iterator[Sourced]:
        for batch in self._batches:
            if not _checked(batch).schema.equals(self._schema):
                raise ConfigurationError(
                    "a batch has another schema than the first one: "
                    f"{_line(batch.schema)} instead of {_line(self._schema)}"
                )
            for start in range(0, len(batch), _ROWS_AT_ONCE):
                yield from self._records(batch.slice(start, _ROWS_AT_ONCE))
        self.ended = True

    def _records(self, batch: Any) -> Iterator[Sourced]:
        columns = [
            _read(name, read, array)
            for name, read, array in zip(
                self._schema.names, self._readers, batch.columns, strict=True
            )
        ]
        for cells in zip(*columns, strict=True):
            self.read += 1
            yield self._table.sourced(cells, "")


def _checked(batch: object) -> Any:
    if isinstance(batch, pa.RecordBatch):
        return batch
    raise ConfigurationError(f"batches yields pyarrow.RecordBatch, not {type(batch).__name__}")


def _readers(schema: Any, *, zoned: bool) -> list[Read]:
    readers, faults = [], []
    for column in schema:
        try:
            readers.append(reader(column.type, zoned=zoned))
            _check_time(column, zoned=zoned)
            _check_names(column)
        except UnreadableTypeError as error:
            faults.append(f"the column {column.name!r} can't be sent: {error}")
    if faults:
        raise ConfigurationError("\n".join(faults))
    return readers


def _check_time(column: Any, *, zoned: bool) -> None:
    if column.name == "time" and pa.types.is_date(column.type) and not zoned:
        raise UnreadableTypeError(
            "a day begins at another time in every zone: say which, by Intake(timezone=...)"
        )


def _check_names(column: Any) -> None:
    """Raises UnreadableTypeError for a struct with fields that an event does not have."""
    if column.name not in _STRUCTS or not pa.types.is_struct(column.type):
        return
    for at in range(column.type.num_fields):
        inner = column.type.field(at).with_name(f"{column.name}.{column.type.field(at).name}")
        if not is_field(inner.name):
            meant = meant_by(inner.name)
            raise UnreadableTypeError(
                f"{inner.name!r} is no field of an event"
                + (f": did you mean {meant}?" if meant else "")
            )
        _check_names(inner)


def _own(schema: Any) -> dict[str, Convert]:
    return {name: json for name in schema.names if name in _JSON}


def _read(name: str, read: Read, array: Any) -> list[Any]:
    try:
        return read(array)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        kind = type(error).__name__  # whose text may quote values
        raise ConfigurationError(f"the column {name!r} is damaged: {kind}") from None


def _line(schema: Any) -> str:
    return ", ".join(f"{column.name}: {column.type}" for column in schema)


def pulled(rows: Iterator[Sourced], most: int) -> tuple[list[Sourced], Exception | None]:
    """The next rows, and what was raised after them."""
    some: list[Sourced] = []
    try:
        some.extend(islice(rows, most))
    except Exception as error:  # whatever the engine raises
        return some, error
    return some, None
