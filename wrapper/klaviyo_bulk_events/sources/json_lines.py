"""JSON lines: a record in each, or an outcome that was set aside and mended."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.record_form import value_at
from klaviyo_bulk_events.records import fields_of
from klaviyo_bulk_events.set_aside import ALTERED, NOT_MENDED
from klaviyo_bulk_events.sources import json_text
from klaviyo_bulk_events.sources.lines import Line, Lines
from klaviyo_bulk_events.sources.rules import Rules

_SET_ASIDE: Final = frozenset({"origin", "status", "problems", "record"})

_NOT_AN_OBJECT: Final = Problem("", "not_an_object", "a record is a JSON object")
_NO_UNIQUE_ID: Final = Problem(
    "/unique_id",
    "missing_unique_id",
    "the record was set aside because its unique_id could not be made: write one into it",
)


class JsonLinesSource:
    """The records in JSON lines."""

    def __init__(self, lines: Lines, rules: Rules) -> None:
        self.name = lines.name
        self._rules = rules
        self._lines = lines
        lines.pause()

    def __iter__(self) -> Iterator[Sourced]:
        self._lines = self._lines.again()
        try:
            for line in self._lines:
                if line.problem is not None:
                    yield line.rejected(self.name, line.problem)
                elif line.data and not line.data.isspace():
                    yield self._sourced(line)
        finally:
            self._lines.close()

    def share(self) -> float | None:
        """How much was read, 0 to 1; None where the size isn't known."""
        return self._lines.share()

    def _sourced(self, line: Line) -> Sourced:
        try:
            value = json_text.parse(line.data)
        except RecordError as error:
            return line.rejected(self.name, error.problems[0])
        if type(value) is not dict:
            return line.rejected(self.name, _NOT_AN_OBJECT)
        origin = f"{self.name}:{line.number}"
        if _is_set_aside(value):
            return _resumed(value, origin)
        try:
            return Sourced(self._rules.complete(value, partial(value_at, value)), origin)
        except RecordError as error:
            first, *others = error.problems
            return Sourced(self._as_read(value), origin, first, tuple(others))

    def _as_read(self, record: dict[str, Any]) -> Mapping[str, Any]:
        """The record with the rest among its properties, as far as that goes."""
        try:
            return fields_of(record, rest_as_properties=self._rules.rest_as_properties)
        except RecordError:
            return record


def _is_set_aside(value: Mapping[str, Any]) -> bool:
    if "problems" not in value:  # which no field of an event is called
        return False
    return value.keys() - {ALTERED} == _SET_ASIDE and value["status"] in tuple(Status)


def _resumed(value: Mapping[str, Any], origin: str) -> Sourced:
    """The record of an outcome; what the command line adds was added the first time.

    But for a `unique_id` that could not be made: without one, another would be derived.
    """
    record = value["record"]
    if not isinstance(record, Mapping):
        return Sourced({"record": record}, origin, _NOT_AN_OBJECT)
    if ALTERED in value:
        return Sourced(record, origin, NOT_MENDED)
    lacks_id = record.get("unique_id") is None and _is_about_its_id(value["problems"])
    return Sourced(record, origin, _NO_UNIQUE_ID if lacks_id else None)


def _is_about_its_id(problems: Any) -> bool:
    listed = problems if isinstance(problems, list) else []
    return any(isinstance(p, dict) and p.get("pointer") == _NO_UNIQUE_ID.pointer for p in listed)
