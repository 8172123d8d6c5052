"""From the columns of a table to records."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from attrs import frozen

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.problems import Problem, RecordError, below
from klaviyo_bulk_events.record_form import split
from klaviyo_bulk_events.sources.cells import Convert, boolean, number
from klaviyo_bulk_events.sources.fields import is_field, meant_by
from klaviyo_bulk_events.sources.mapping import Mapped
from klaviyo_bulk_events.sources.rules import Rules

_TYPED: Final[dict[str, Convert]] = {"value": number, "backfill": boolean}


@frozen
class _Column:
    index: int
    field: str
    path: tuple[str, ...]
    name: str
    pointer: str
    convert: Convert | None


class Table:
    """Makes records of rows. Raises ConfigurationError for columns that it can't place.

    `own` converts the cells of columns that have a type of their own and are not mapped.
    """

    def __init__(
        self,
        name: str,
        header: Sequence[str],
        rules: Rules,
        own: Mapping[str, Convert] | None = None,
    ) -> None:
        self._name = name
        self._rules = rules
        _check_header(name, header)
        mapped = _mapped(name, header, rules, own or {})
        columns = [_column(index, mapped[column]) for index, column in enumerate(header)]
        self._columns = _by_path(columns)
        # A row that fills none of a profile's columns has a profile, only nobody in it.
        self._empty = ["profile"] if any(c.path[:1] == ("profile",) for c in columns) else []
        self._indexes = _indexes(name, header, mapped, rules.unique_id_from)

    def sourced(self, cells: Sequence[Any], origin: str) -> Sourced:
        """A row as a record; None is a cell that is not given.

        A faulty row is a record like any other, but for the cells at fault, which are as they were
        given: mended, it goes out as if it had never been faulty.
        """
        record: dict[str, Any] = {name: {} for name in self._empty}
        problems: list[Problem] = []
        for columns in self._columns:
            problems += _fill(record, columns, cells)
        try:
            self._rules.complete(record, lambda name: cells[self._indexes[name]])
        except RecordError as error:
            problems = [*error.problems, *problems]
        if not problems:
            return Sourced(record, origin)
        return Sourced(record, origin, problems[0], tuple(problems[1:]))


def _by_path(columns: Iterable[_Column]) -> list[list[_Column]]:
    """Neighbours that have one parent together; a struct before the columns that add to it."""
    ordered = sorted(columns, key=lambda column: len(column.path))
    return [list(group) for _, group in groupby(ordered, key=attrgetter("path"))]


def _fill(
    record: dict[str, Any], columns: Iterable[_Column], cells: Sequence[Any]
) -> list[Problem]:
    """Put the cells of one object's columns into it; what is wrong with them."""
    parent: dict[str, Any] | None = None
    problems: list[Problem] = []
    for column in columns:
        cell = cells[column.index]
        if cell is None:
            continue
        try:
            value = cell if column.convert is None else column.convert(cell, column.pointer)
            if parent is None:
                parent = _descend(record, column.path)
            parent[column.name] = _given(value) if type(value) is dict else value
        except RecordError as error:
            problems += error.problems
            _keep(record, column, cell)
    return problems


def _keep(record: dict[str, Any], column: _Column, cell: Any) -> None:
    """Put a faulty cell where it belongs, or under its dotted name where it has no place."""
    try:
        _descend(record, column.path)[column.name] = _given(cell) if type(cell) is dict else cell
    except RecordError:
        record[column.field] = cell


def _descend(record: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for step in path:
        inner = record.setdefault(step, {})
        if not isinstance(inner, dict):
            raise RecordError(Problem(f"/{step}", "wrong_type", f"{step} must be an object"))
        record = inner
    return record


def _given(struct: Mapping[Any, Any]) -> dict[Any, Any]:
    """A struct without what is NULL in it."""
    return {
        key: _given(value) if isinstance(value, dict) else value
        for key, value in struct.items()
        if value is not None
    }


def _check_header(name: str, header: Sequence[str]) -> None:
    if not any(header):
        raise ConfigurationError(f"{name} has no header that names its columns")
    if unnamed := [str(number) for number, column in enumerate(header, 1) if not column]:
        raise ConfigurationError(f"{name} has columns without a name: number {', '.join(unnamed)}")
    if twice := [column for column, times in Counter(header).items() if times > 1]:
        raise ConfigurationError(f"{name} has columns with the same name: {_listed(twice)}")


def _mapped(
    name: str, header: Sequence[str], rules: Rules, own: Mapping[str, Convert]
) -> dict[str, Mapped]:
    if missing := [column for column in rules.mapping if column not in header]:
        raise ConfigurationError(
            f"{name} has no column {_listed(missing)}, which --map names; it has {_listed(header)}"
        )
    if missing := [c for c in rules.beside if c not in header and not is_field(c)]:
        raise ConfigurationError(
            f"{name} has no column {_listed(missing)}; it has {_listed(header)}"
        )
    known = {*rules.beside, *rules.mapping}
    unknown = [c for c in header if c not in known and not is_field(c)]
    rest = [c for c in unknown if rules.rest_as_properties and not c.startswith("profile.")]
    if lost := [column for column in unknown if column not in rest]:
        raise ConfigurationError(_unknown(name, lost, header))
    mapped = {column: Mapped(column, own.get(column)) for column in header}
    mapped |= {column: Mapped(f"properties.{column}", own.get(column)) for column in rest}
    mapped |= rules.mapping
    _check_targets(name, mapped)
    return mapped


def _unknown(name: str, columns: Sequence[str], header: Sequence[str]) -> str:
    lines = "".join(f"\n  {_suggested(column)}" for column in columns)
    if len(header) == 1 and (mark := next((m for m in ";\t|" if m in header[0]), None)):
        return f"{name} must separate its columns by commas; {mark!r} seems to do so now{lines}"
    return (
        f"{name} has columns that are no fields of an event:{lines}\n"
        "Map each with --map 'COLUMN=properties.NAME', or take them all as properties with "
        "--rest-as-properties."
    )


def _suggested(column: str) -> str:
    meant = meant_by(column)
    return f"{column!r}: did you mean {meant}?" if meant else repr(column)


def _check_targets(name: str, mapped: Mapping[str, Mapped]) -> None:
    times = Counter(target.field for target in mapped.values())
    for field, count in times.items():
        if count > 1:
            columns = [column for column, target in mapped.items() if target.field == field]
            raise ConfigurationError(
                f"{name} has {count} columns that become {field}: {_listed(columns)}"
            )


def _column(index: int, mapped: Mapped) -> _Column:
    path, name = split(mapped.field)
    pointer = ""
    for step in (*path, name):
        pointer = below(pointer, step)
    convert = mapped.convert or _TYPED.get(mapped.field)
    return _Column(index, mapped.field, path, name, pointer, convert)


def _indexes(
    name: str, header: Sequence[str], mapped: Mapping[str, Mapped], wanted: Iterable[str]
) -> dict[str, int]:
    places = {mapped[column].field: index for index, column in enumerate(header)}
    places |= {column: index for index, column in enumerate(header)}
    if missing := [column for column in wanted if column not in places]:
        raise ConfigurationError(
            f"{name} has no column {_listed(missing)}, which --unique-id-from names; "
            f"it has {_listed(header)}"
        )
    return {column: places[column] for column in wanted}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
