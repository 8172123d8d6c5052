"""The fields of an event that need no more than themselves to be checked."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

from klaviyo_bulk_events import identifiers, values
from klaviyo_bulk_events.limits import EVENT_PROPERTIES, STRING_BYTES, UNIQUE_ID_LENGTH
from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.records import NULL

_MOST_PROPERTIES: Final = EVENT_PROPERTIES.value
_LONGEST_UNIQUE_ID: Final = UNIQUE_ID_LENGTH.value
_SHORT: Final = STRING_BYTES.value // 4
"""So many characters are within the limit, whatever bytes they take."""


def add_others(attributes: dict[str, Any], field: Callable[[str], Any]) -> None:
    """Add `OTHERS`, those that are given, as they go out.

    What is of the type that goes out is taken as it is. Half a surrogate pair gets through: the
    encoding refuses it.
    """
    if (worth := field("value")) is not None:
        attributes["value"] = worth if type(worth) is float and isfinite(worth) else value(worth)
    if (code := field("value_currency")) is not None:
        is_plain = type(code) is str and len(code) <= _SHORT
        attributes["value_currency"] = code if is_plain else currency(code)
    if (key := field("unique_id")) is not None:
        is_plain = type(key) is str and 0 < len(key) <= _LONGEST_UNIQUE_ID
        attributes["unique_id"] = key if is_plain else unique_id(key)


def properties(given: Any) -> Mapping[str, Any]:
    """The properties, of which only the number is checked; none are an empty object."""
    if type(given) is dict and len(given) <= _MOST_PROPERTIES:
        return given
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise _wrong_type("/properties", "an object", given)
    if len(given) > _MOST_PROPERTIES:
        message = f"an event has {len(given)} properties: {EVENT_PROPERTIES.sentence}"
        raise _fault("/properties", "too_many_properties", message)
    return given


def value(given: Any) -> int | float | None:
    """What an event is worth; None is sent as null."""
    return None if given is NULL else values.number(given, "/value")


def currency(given: Any) -> str | None:
    """The currency of the value; None is sent as null."""
    return None if given is NULL else values.text(given, "/value_currency")


def unique_id(given: Any) -> str:
    """The caller's own key."""
    text = identifiers.as_text(given, "/unique_id")
    if len(text) > _LONGEST_UNIQUE_ID:
        message = f"unique_id is limited to {_LONGEST_UNIQUE_ID} characters"
        raise _fault("/unique_id", "unique_id_too_long", message)
    return text


OTHERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "value": value,
    "value_currency": currency,
    "unique_id": unique_id,
}


def read(field: Callable[[str], Any], name: str) -> None:
    """Raises RecordError if one of `OTHERS` is given and wrong."""
    if (given := field(name)) is not None:
        OTHERS[name](given)


def backfill(given: Any, of_run: bool | None) -> bool:
    """Whether the event is history, which fires no flows: said by itself, the run, or both."""
    if given is None:
        if of_run is not None:
            return of_run
        message = "whether this event fires flows is not said: give backfill"
        raise _fault("/backfill", "backfill_unsaid", message)
    if type(given) is not bool:
        raise _wrong_type("/backfill", "true or false", given)
    if of_run is not None and given is not of_run:
        message = "the event's backfill contradicts that of the whole run"
        raise _fault("/backfill", "backfill_contradicted", message)
    return given


def _wrong_type(pointer: str, wanted: str, given: object) -> RecordError:
    message = f"this must be {wanted}, not {type(given).__name__}"
    return _fault(pointer, "wrong_type", message)


def _fault(pointer: str, code: str, message: str) -> RecordError:
    return RecordError(Problem(pointer, code, message))
