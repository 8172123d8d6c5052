"""Metrics, checked and encoded."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

import orjson

from klaviyo_bulk_events import shape, values
from klaviyo_bulk_events.limits import METRIC_NAME_LENGTH
from klaviyo_bulk_events.problems import Problem, RecordError, missing_field
from klaviyo_bulk_events.records import NULL

_REMEMBERED: Final = 1_000


class Metric(NamedTuple):
    """A metric's JSON, also in the form in which orjson puts it into an event.

    `name` is a short text, without a line break, by which metrics are told apart.
    """

    data: bytes
    name: str
    fragment: orjson.Fragment


class Metrics:
    """Encodes metrics, remembering those it met. `allowed` None allows all."""

    def __init__(self, allowed: Collection[str] | None) -> None:
        self._allowed = None if allowed is None else frozenset(allowed)
        self._met: dict[str, Metric] = {}

    def encode(self, name: Any, service: Any) -> Metric:
        """The metric of that name and service (None: not given). Raises RecordError."""
        if service is not None or type(name) is not str:
            return self._encode(name, service)
        metric = self._met.get(name)
        if metric is None:
            metric = self._encode(name, None)
            if len(self._met) >= _REMEMBERED:
                self._met.clear()
            self._met[name] = metric
        return metric

    def _encode(self, name: Any, service: Any) -> Metric:
        checked = self._name(name)
        attributes: dict[str, str | None] = {"name": checked}
        if service is not None:
            attributes["service"] = _service(service)
        data = orjson.dumps(shape.metric(attributes))
        short = orjson.dumps([*attributes.values()]).decode()
        return Metric(data, short, orjson.Fragment(data))

    def _name(self, given: Any) -> str:
        if given is None:
            raise missing_field("metric")
        name = values.text(given, "/metric")
        if not name.strip():
            raise _fault("empty", "a metric needs a name")
        if len(name) > METRIC_NAME_LENGTH.value:
            raise _fault("metric_too_long", METRIC_NAME_LENGTH.sentence)
        if self._allowed is not None and name not in self._allowed:
            raise _fault("metric_not_allowed", "the metric is not among those allowed")
        return name


def _service(given: Any) -> str | None:
    return None if given is NULL else values.text(given, "/metric_service")


def _fault(code: str, message: str) -> RecordError:
    return RecordError(Problem("/metric", code, message))
