"""From an event to the bytes that are sent, checked."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import orjson
from attrs import define, frozen

from klaviyo_bulk_events import derive, identifiers, ignored_values, shape, times, values
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.limits import (
    EARLIEST_YEAR,
    EVENT_PROPERTIES,
    METRIC_NAME_LENGTH,
    UNIQUE_ID_LENGTH,
)
from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.profiles import EncodedProfile, ProfileEncoder
from klaviyo_bulk_events.records import NULL, Event

Key: TypeAlias = tuple[str, bytes, str]
"""What the server tells events apart by: profile, metric, and `unique_id` or else the second."""

_CACHED: Final = 1_000
_FRAME: Final = shape.event()
_PROPERTIES: Final = "/properties"
# The brackets of an event's attributes around its properties: their own, and the metric's.
_BRACKETS: Final = 1 + orjson.dumps(shape.metric("")).count(b"{")


@define
class EncodedEvent:
    """An event's bytes (`data`) and the `opening` of the profile entry it belongs to.

    `time` and `unique_id` are what goes out. `position` and `origin` say where in its source the
    event was, `record` is what was given, if it is still wanted.
    """

    opening: bytes
    data: bytes
    key: Key
    backfill: bool
    time: str
    unique_id: str | None
    warnings: tuple[Problem, ...]
    position: int = 0
    origin: str | None = None
    record: Event | Mapping[str, Any] | None = None


@frozen
class _Metric:
    name: str
    data: bytes
    fragment: orjson.Fragment


class Encoder:
    """Encodes events for one flow.

    `backfill` None means that every event says it itself. `clock` gives the time in UTC.
    """

    def __init__(
        self, intake: Intake, backfill: bool | None, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self._backfill = backfill
        self._derives = intake.derive_unique_id
        self._unix = intake.unix_time
        self._local = times.zone(intake.timezone) if intake.timezone else None
        self._allowed = None if intake.metrics is None else frozenset(intake.metrics)
        self._profiles = ProfileEncoder(self._local, updates=intake.profile_updates)
        self._metrics: dict[tuple[str, Any], _Metric] = {}
        self._year = self._clock().year

    def encode(self, fields: Mapping[str, Any]) -> EncodedEvent:
        """The bytes of an event of these fields, whose names are right.

        Raises RecordError with everything that is wrong with it.
        """
        try:
            return self._encode(fields)
        except RecordError as error:
            raise self._all_problems(fields, error) from None

    def _encode(self, fields: Mapping[str, Any]) -> EncodedEvent:
        field = fields.get
        profile = self._profiles.encode(field("profile"))
        metric = self._metric(fields)
        backfill = self._flag(field("backfill"))
        moment, time = self._time(field("time"))
        properties = _checked_properties(field("properties"))
        attributes = {"metric": metric.fragment, "time": time, "backfill": backfill}
        if (value := field("value")) is not None:
            attributes["value"] = _value(value)
        if (currency := field("value_currency")) is not None:
            attributes["value_currency"] = _currency(currency)
        if (unique_id := field("unique_id")) is not None:
            unique_id = attributes["unique_id"] = _unique_id(unique_id)
            attributes["properties"] = properties
        elif self._derives:
            encoded = values.encode(properties, _PROPERTIES, self._local, sort=True)
            unique_id = _derived(profile, metric, moment, attributes, encoded)
            attributes["unique_id"] = unique_id
            attributes["properties"] = orjson.Fragment(encoded)
        else:
            attributes["properties"] = properties
        warnings = profile.backfill_warnings if backfill else profile.live_warnings
        if (ignored := ignored_values.warning(properties)) is not None:
            warnings = (*warnings, ignored)
        return EncodedEvent(
            profile.backfill if backfill else profile.live,
            self._bytes(attributes),
            (profile.identity, metric.data, unique_id or f"@{int(moment.timestamp())}"),
            backfill,
            time,
            unique_id,
            warnings,
        )

    def _bytes(self, attributes: dict[str, Any]) -> bytes:
        try:
            data = orjson.dumps(attributes, option=values.PLAIN)
        except TypeError:  # orjson.JSONEncodeError is one
            data = b""
        if not data or not values.is_sound(data, _BRACKETS):
            properties = attributes["properties"]
            if not isinstance(properties, orjson.Fragment):
                attributes["properties"] = values.walked(properties, _PROPERTIES, self._local)
            data = orjson.dumps(attributes)
        # A copy lets go of orjson's buffer, which is several times as large: kept for every event
        # of a request, those would cost more in page faults than all of the encoding.
        return b"".join((_FRAME.head, data, _FRAME.tail))

    def _all_problems(self, fields: Mapping[str, Any], first: RecordError) -> RecordError:
        problems: dict[Problem, None] = {}
        for check in (
            lambda: self._profiles.encode(fields.get("profile")),
            lambda: self._metric(fields),
            lambda: self._flag(fields.get("backfill")),
            lambda: self._time(fields.get("time")),
            lambda: _value(fields.get("value", 0)),
            lambda: _currency(fields.get("value_currency", "")),
            lambda: _unique_id(fields.get("unique_id", "-")),
            lambda: values.encode(
                _checked_properties(fields.get("properties")), _PROPERTIES, self._local
            ),
        ):
            try:
                check()
            except RecordError as error:
                problems.update(dict.fromkeys(error.problems))
        return RecordError(*problems) if problems else first

    def _metric(self, fields: Mapping[str, Any]) -> _Metric:
        name, service = fields.get("metric"), fields.get("metric_service")
        metric = self._metrics.get((name, service)) if isinstance(name, str) else None
        if metric is None:
            metric = self._checked_metric(name, service)
            if len(self._metrics) >= _CACHED:
                self._metrics.clear()
            self._metrics[metric.name, service] = metric
        return metric

    def _checked_metric(self, given: Any, service: Any) -> _Metric:
        name = values.text(given, "/metric")
        if not name.strip():
            raise _problem("/metric", "empty", "a metric needs a name")
        if len(name) > METRIC_NAME_LENGTH.value:
            raise _problem("/metric", "metric_too_long", METRIC_NAME_LENGTH.sentence)
        if self._allowed is not None and name not in self._allowed:
            raise _problem("/metric", "metric_not_allowed", "the metric is not among those allowed")
        data = orjson.dumps(
            shape.metric(name)
            if service is None
            else shape.metric(name, service=_nullable_text(service, "/metric_service"))
        )
        return _Metric(name, data, orjson.Fragment(data))

    def _flag(self, said: Any) -> bool:
        if said is not None and not isinstance(said, bool):
            raise _wrong_type("/backfill", "true or false", said)
        if self._backfill is None:
            if said is None:
                message = "whether this event fires flows is not said: give backfill"
                raise _problem("/backfill", "backfill_unsaid", message)
            return bool(said)
        if said is not None and said is not self._backfill:
            message = "the event's backfill contradicts that of the whole run"
            raise _problem("/backfill", "backfill_contradicted", message)
        return self._backfill

    def _time(self, given: Any) -> tuple[datetime, str]:
        if given is None:
            moment = self._clock()
            return moment, moment.isoformat()
        ready = times.read_rfc_3339(given) if type(given) is str else None
        moment = ready or times.read_time(given, self._local, self._unix)
        text = given if ready else moment.isoformat()
        if not EARLIEST_YEAR.value < moment.year < self._year:
            times.check_range(moment, self._clock())
        return moment, text


def _checked_properties(properties: Any) -> Mapping[str, Any]:
    if properties is None:
        return {}
    if type(properties) is not dict and not isinstance(properties, Mapping):
        raise _wrong_type(_PROPERTIES, "an object", properties)
    if len(properties) > EVENT_PROPERTIES.value:
        message = f"an event has {len(properties)} properties: {EVENT_PROPERTIES.sentence}"
        raise _problem(_PROPERTIES, "too_many_properties", message)
    return properties


def _value(value: Any) -> int | float | None:
    return None if value is None or value is NULL else values.number(value, "/value")


def _currency(currency: Any) -> str | None:
    return None if currency is None else _nullable_text(currency, "/value_currency")


def _unique_id(given: Any) -> str | None:
    if given is None:
        return None
    text = identifiers.as_text(given, "/unique_id")
    if len(text) > UNIQUE_ID_LENGTH.value:
        message = f"unique_id is limited to {UNIQUE_ID_LENGTH.value} characters"
        raise _problem("/unique_id", "unique_id_too_long", message)
    return text


def _derived(
    profile: EncodedProfile,
    metric: _Metric,
    moment: datetime,
    attributes: Mapping[str, Any],
    properties: bytes,
) -> str:
    return derive.unique_id(
        identity=profile.identity,
        metric=metric.data,
        time=moment,
        value=attributes.get("value"),
        currency=attributes.get("value_currency"),
        properties=properties,
    )


def _nullable_text(value: Any, pointer: str) -> str | None:
    if value is NULL:
        return None
    return values.text(value, pointer)


def _wrong_type(pointer: str, wanted: str, value: object) -> RecordError:
    message = f"this must be {wanted}, not {type(value).__name__}"
    return _problem(pointer, "wrong_type", message)


def _problem(pointer: str, code: str, message: str) -> RecordError:
    return RecordError(Problem(pointer, code, message))
