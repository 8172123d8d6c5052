"""How what a source holds becomes records."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, time
from typing import Any, Final

from attrs import Factory, evolve, field, frozen

from klaviyo_bulk_events import identifiers
from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.sources.mapping import Mapped

_OTHER_METRIC: Final = Problem(
    "/metric", "metric_contradicted", "the record names another metric than --metric does"
)
_OTHER_UNIQUE_ID: Final = Problem(
    "/unique_id",
    "unique_id_contradicted",
    "the record has another unique_id than --unique-id-from makes",
)


@frozen(kw_only=True)
class Rules:
    """How records are completed, and columns become fields.

    Attributes:
        mapping: what a table's columns become, by their names.
        rest_as_properties: columns that are no field become properties.
        metric: the metric of every record; one that names another is rejected.
        beside: columns that are no field, and stay in the record under their names for who reads
            it.
        unique_id_from: the columns, or names in a JSON record, whose texts make its `unique_id`.
    """

    mapping: Mapping[str, Mapped] = Factory(dict)
    rest_as_properties: bool = False
    metric: str | None = None
    unique_id_from: Sequence[str] = ()
    beside: Collection[str] = field(default=(), converter=frozenset)

    def complete(self, record: dict[str, Any], look_up: Callable[[str], Any]) -> dict[str, Any]:
        """The record with the metric and the `unique_id`; `look_up` gives what a name stands for.

        Raises RecordError once the record has all of it that it can have.
        """
        if self.metric is None and not self.unique_id_from:  # as in most runs
            return record
        problems: list[Problem] = []
        for add in (self._add_unique_id, self._add_metric):
            try:
                add(record, look_up)
            except RecordError as error:
                problems += error.problems
        if problems:
            raise RecordError(*problems)
        return record

    def _add_metric(self, record: dict[str, Any], _: Callable[[str], Any]) -> None:
        if self.metric is not None:
            _fill(record, "metric", self.metric, _OTHER_METRIC)

    def _add_unique_id(self, record: dict[str, Any], look_up: Callable[[str], Any]) -> None:
        if self.unique_id_from:
            parts = [_part(name, look_up(name)) for name in self.unique_id_from]
            _fill(record, "unique_id", joined(parts), _OTHER_UNIQUE_ID)


def joined(parts: Sequence[str]) -> str:
    """One text out of several; different parts never give the same one."""
    if len(parts) == 1:
        return parts[0]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def _fill(record: dict[str, Any], name: str, value: str, contradiction: Problem) -> None:
    given = record.get(name)
    if given is not None and given != value:
        raise RecordError(contradiction)
    record[name] = value


def _part(name: str, value: Any) -> str:
    if value is None or value == "":
        message = f"the record has no {name!r}, which --unique-id-from names"
        raise RecordError(Problem("/unique_id", "missing_unique_id_part", message))
    if isinstance(value, date | time):
        return value.isoformat()
    try:
        return identifiers.as_text(value, "/unique_id")
    except RecordError as error:
        problems = (evolve(p, message=f"in {name!r}: {p.message}") for p in error.problems)
        raise RecordError(*problems) from None
