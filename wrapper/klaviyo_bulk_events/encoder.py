"""From an event to the bytes that are sent, checked."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeAlias

import orjson
from attrs import define

from klaviyo_bulk_events import (
    derive,
    event_fields,
    identifiers,
    ignored_values,
    shape,
    times,
    values,
)
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.limits import EARLIEST_YEAR
from klaviyo_bulk_events.metrics import Metric, Metrics
from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.profiles import EncodedProfile, ProfileEncoder
from klaviyo_bulk_events.records import Event

Key: TypeAlias = str
"""What the server tells events apart by: metric, profile, and `unique_id` or else the second.

The profile is its strongest identifier, addresses without regard to case: of two events that have
one key, the server may drop either. That two profiles share a weaker identifier does not show.
One text, because Python computes its hash once for all who look it up.
"""

_FRAME: Final = shape.event()
_HEAD, _TAIL = _FRAME.head, _FRAME.tail
_PROPERTIES: Final = "/properties"
_EARLIEST_YEAR: Final = EARLIEST_YEAR.value
# The brackets of an event's attributes around its properties: their own, and the metric's.
_BRACKETS: Final = 1 + orjson.dumps(shape.metric({})).count(b"{")


@define(eq=False)
class EncodedEvent:
    """An event's bytes (`data`) and the `opening` of the profile entry it belongs to.

    `time` and `unique_id` are what goes out. `position` and `origin` say where in its source the
    event was, `record` is what was given, if it is still wanted. `lasting`: of an event
    that came without a time, what of `data` is the same whenever it is taken in; `key_lasts` says
    whether its key is.
    """

    opening: bytes
    data: bytes
    key: Key
    backfill: bool
    moment: datetime | str
    unique_id: str | None
    warnings: tuple[Problem, ...]
    position: int = 0
    origin: str | None = None
    record: Event | Mapping[str, Any] | None = None
    lasting: bytes | None = None
    key_lasts: bool = True

    @property
    def time(self) -> str:
        """The time that goes out: few ask for its text."""
        return self.moment if isinstance(self.moment, str) else times.rfc_3339(self.moment)


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
        self._profiles = {
            flag: ProfileEncoder(self._local, backfill=flag, updates=intake.profile_updates)
            for flag in (False, True)
        }
        self._metrics = Metrics(intake.metrics)
        self._year = self._clock().year

    def encode(self, fields: Mapping[str, Any]) -> EncodedEvent:
        """The bytes of an event of these fields, whose names are right.

        Raises RecordError with everything that is wrong with it.
        """
        try:
            return self._encode(fields.get)
        except Exception as error:
            raise self._all_problems(fields, error) from None

    def _encode(self, field: Callable[[str], Any]) -> EncodedEvent:
        backfill = event_fields.backfill(field("backfill"), self._backfill)
        profile = self._profiles[backfill].encode(field("profile"))
        metric = self._metrics.encode(field("metric"), field("metric_service"))
        moment, text = self._time(field("time"))
        properties = event_fields.properties(field("properties"))
        attributes: dict[str, Any] = {
            "metric": metric.fragment,
            "time": text or orjson.Fragment(orjson.dumps(moment)),
            "backfill": backfill,
        }
        event_fields.add_others(attributes, field)
        unique_id: str | None = attributes.get("unique_id")
        if unique_id is None and self._derives:
            encoded = values.encode(properties, _PROPERTIES, self._local, sort=True)
            unique_id = attributes["unique_id"] = _derived(
                attributes, profile, metric, moment, encoded
            )
            attributes["properties"] = orjson.Fragment(encoded)
            data = orjson.dumps(attributes)
        else:
            data = self._whole(attributes, properties)
        return EncodedEvent(
            profile.opening,
            # A copy lets go of orjson's buffer, which is several times as large: kept for every
            # event of a request, those would cost more in page faults than all of the encoding.
            b"".join((_HEAD, data, _TAIL)),
            _key(metric, profile, unique_id, moment),
            backfill,
            text or moment,
            unique_id,
            _warnings(profile.warnings, properties, unique_id),
        )

    def _whole(self, attributes: dict[str, Any], properties: Mapping[str, Any]) -> bytes:
        """The attributes with the properties, checked and encoded in one go."""
        attributes["properties"] = properties
        try:
            data = orjson.dumps(attributes, values.scalar, values.PLAIN)
        except TypeError:  # orjson.JSONEncodeError is one
            data = b""
        if data and values.is_sound(data, _BRACKETS):
            return data
        attributes["properties"] = values.walked(properties, _PROPERTIES, self._local)
        return orjson.dumps(attributes)

    def _time(self, given: Any) -> tuple[datetime, str | None]:
        """The time, and its text unless orjson writes that by itself."""
        text: str | None = None
        is_utc = type(given) is datetime and given.tzinfo is UTC
        if is_utc:
            moment = given
        elif given is None:
            moment, is_utc = self._clock(), True
        elif type(given) is str and (read := times.read_rfc_3339(given)) is not None:
            moment, text = read, given
        else:
            moment = times.read_time(given, self._local, self._unix)
        if not _EARLIEST_YEAR < moment.year < self._year:
            times.check_range(moment, self._clock())
        return moment, text if is_utc or text else times.rfc_3339(moment)

    def _all_problems(self, fields: Mapping[str, Any], first: Exception) -> RecordError:
        def field(name: str) -> Any:
            return fields.get(name)

        checks: list[Callable[[], object]] = [
            lambda: self._profiles[bool(self._backfill)].encode(field("profile")),
            lambda: self._metrics.encode(field("metric"), field("metric_service")),
            lambda: event_fields.backfill(field("backfill"), self._backfill),
            lambda: self._time(field("time")),
            *(partial(event_fields.read, field, name) for name in event_fields.OTHERS),
            lambda: values.encode(
                event_fields.properties(field("properties")), _PROPERTIES, self._local
            ),
        ]
        problems: dict[Problem, None] = {}
        for check in checks:
            try:
                check()
            except Exception as error:
                problems.update(dict.fromkeys(_problems(error)))
        return RecordError(*(problems or _problems(first)))


def _key(metric: Metric, profile: EncodedProfile, unique_id: str | None, moment: datetime) -> Key:
    # No part can pass for another: a metric starts with a bracket and has no line break, a person
    # says how long it is.
    if unique_id is None:
        return f"{int(moment.timestamp())}\n{metric.name}\n{profile.person}"
    return f"{metric.name}\n{profile.person}\n{unique_id}"


def _warnings(
    of_profile: tuple[Problem, ...], properties: Mapping[str, Any], unique_id: str | None
) -> tuple[Problem, ...]:
    warnings = of_profile
    if (ignored := ignored_values.warning(properties)) is not None:
        warnings = (*warnings, ignored)
    if unique_id is not None and unique_id[-2:] == ".0":
        spoilt = identifiers.float_warning(unique_id, "/unique_id")
        return warnings if spoilt is None else (*warnings, spoilt)
    return warnings


def _problems(error: Exception) -> tuple[Problem, ...]:
    """What is wrong with the record; the text of an unknown exception may quote its values."""
    if isinstance(error, RecordError):
        return error.problems
    message = f"{type(error).__name__} was raised while the record was read"
    return (Problem("", "broken_record", message),)


def _derived(
    attributes: Mapping[str, Any],
    profile: EncodedProfile,
    metric: Metric,
    moment: datetime,
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
