"""What a test expects to be received, and how an event differs from it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple, TypeAlias

from attrs import frozen

from klaviyo_bulk_events import identifiers, times
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.json_form import JsonForm
from klaviyo_bulk_events.records import (
    PROFILE_FIELDS,
    Event,
    Location,
    Null,
    Profile,
    check_names,
    fields_of,
)

Expected: TypeAlias = Event | Mapping[str, Any]

_KEYS: Final = frozenset({"unique_id", "profile.id", "profile.external_id", "profile.anonymous_id"})
_AS_IT_IS: Final = frozenset({str, int, float, bool})
# What goes out of an event that doesn't say it.
_FILLED_IN: Final = frozenset({"unique_id", "time", "backfill"})


class Difference(NamedTuple):
    """A field, named with dots, that isn't as expected.

    `Absent` where there is none; `Length` where lists have different numbers of items.
    """

    field: str
    expected: Any
    received: Any


class Absent:
    """Stands for a value that isn't there."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = Absent()


@frozen
class Length:
    """Stands for a list of so many items."""

    items: int

    def __repr__(self) -> str:
        return f"{self.items} item{'' if self.items == 1 else 's'}"


class Wanted:
    """An event that is expected.

    Of a mapping, only what it names is compared, at every level, and has to be there unless it is
    None; what compares equal to anything (`unittest.mock.ANY`, `pytest.approx`) may stand in it. An
    `Event` is compared as a whole, but for what the client fills in where it isn't given.

    Raises RecordError for a field that doesn't exist.
    """

    def __init__(self, expected: Expected) -> None:
        self.is_whole = isinstance(expected, Event)
        self.record = _fields(expected)

    def differences(self, received: Mapping[str, Any]) -> list[Difference]:
        """How a received record differs from this, field by field."""
        return list(self._within(self.record, received, ""))

    def fits(self, received: Mapping[str, Any]) -> bool:
        """Whether a received record doesn't differ from this."""
        return next(self._within(self.record, received, ""), None) is None

    def has_id_of(self, received: Mapping[str, Any]) -> bool | None:
        """Whether this asks for the `unique_id` of a received record; None where one has none."""
        if self.record.get("unique_id") is None or "unique_id" not in received:
            return None
        expected = self.record["unique_id"]
        return next(self._compare(expected, received["unique_id"], "unique_id"), None) is None

    def _within(
        self, expected: Mapping[str, Any], received: Mapping[str, Any], path: str
    ) -> Iterator[Difference]:
        for name, value in expected.items():
            yield from self._compare(value, received.get(name, ABSENT), f"{path}{name}")
        if self.is_whole:
            for name in received.keys() - expected.keys():
                if expected is not self.record or not _is_filled_in(name, received[name]):
                    yield Difference(f"{path}{name}", ABSENT, received[name])

    def _compare(self, expected: Any, received: Any, path: str) -> Iterator[Difference]:
        if expected is None or isinstance(expected, Null):
            is_same = received is None or received is ABSENT
        elif received is ABSENT:
            is_same = False
        elif isinstance(expected, Mapping) and isinstance(received, Mapping):
            yield from self._within(expected, received, f"{path}.")
            return
        elif isinstance(expected, list | tuple) and isinstance(received, list):
            yield from self._each(expected, received, path)
            return
        else:
            is_same = _is_equal(expected, received) or _is_sent_as(expected, received, path)
        if not is_same:
            yield Difference(path, expected, received)

    def _each(self, expected: Any, received: list[Any], path: str) -> Iterator[Difference]:
        if len(expected) != len(received):
            yield Difference(path, Length(len(expected)), Length(len(received)))
            yield from self._first_apart(expected, received, path)
            return
        for at, (one, other) in enumerate(zip(expected, received, strict=True)):
            yield from self._compare(one, other, f"{path}.{at}")

    def _first_apart(self, expected: Any, received: list[Any], path: str) -> Iterator[Difference]:
        """The differences at the first place where lists of unequal length have any."""
        for at, (one, other) in enumerate(zip(expected, received, strict=False)):
            if found := [*self._compare(one, other, f"{path}.{at}")]:
                yield from found
                return
        at = min(len(expected), len(received))
        one, other = (each[at] if at < len(each) else ABSENT for each in (expected, received))
        yield Difference(f"{path}.{at}", one, other)


def _is_filled_in(name: str, received: Any) -> bool:
    return name in _FILLED_IN or (name == "properties" and received == {})


def _is_equal(expected: Any, received: Any) -> bool:
    # To Python, true is 1; in JSON it isn't.
    if isinstance(expected, int | float) and type(expected) is not type(received):
        both = not isinstance(expected, bool) and _is_number(received)
        return both and bool(expected == received)
    return bool(expected == received)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_sent_as(expected: Any, received: Any, path: str) -> bool:
    if path == "time":
        return _is_time(expected) and _second(expected) == received
    if path in _KEYS and isinstance(expected, int) and not isinstance(expected, bool):
        return bool(identifiers.as_text(expected, path) == received)
    if type(expected) in _AS_IT_IS:
        return False
    form = JsonForm()
    plain = form.of(expected)
    return not form.altered and _is_equal(plain, received)


def _is_time(value: Any) -> bool:
    return isinstance(value, str | datetime | date)


def _second(value: Any) -> datetime:
    return times.read_time(value, None, unix=False).astimezone(UTC).replace(microsecond=0)


def _fields(expected: Expected) -> dict[str, Any]:
    if isinstance(expected, Event):
        return _plain(expected)
    if not isinstance(expected, Mapping):
        kind = type(expected).__name__
        raise ConfigurationError(
            f"expected is an Event or a mapping of its fields, not {kind}; of a list, each: *events"
        )
    fields = _plain(fields_of(expected))
    if isinstance(profile := fields.get("profile"), Mapping):
        check_names(profile, PROFILE_FIELDS, "/profile")
    return fields


def _plain(record: Any) -> dict[str, Any]:
    """The given fields of a record, with those of its profile and location in mappings, too."""
    fields = dict(vars(record) if isinstance(record, Event | Profile | Location) else record)
    if "_kx" in fields:
        fields["kx"] = fields.pop("_kx")
    for name in ("profile", "location"):
        if isinstance(fields.get(name), Profile | Location | Mapping):
            fields[name] = _plain(fields[name])
    return fields
