"""Times as callers write them, read into aware datetimes."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.limits import EARLIEST_YEAR, YEARS_AHEAD
from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.walk import from_numpy

# 24:00 is left to the slow road: not every Python reads it.
_USUAL: Final = re.compile(
    r"\d{4}-\d\d-\d\dT(?!24)\d\d:\d\d:\d\d(?:\.\d{1,6})?(Z|[+-]\d\d:[0-5]\d)?", re.ASCII
).fullmatch
_ISO_8601: Final = re.compile(
    r"(?P<date>(?P<year>\d{4})(?:-\d\d(?:-\d\d)?|\d{4}|-?W\d\d(?:-?\d)?|-?(?P<day>\d{3}))?)"
    r"(?P<clock>T(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?\d\d(?:[.,]\d+)?)?)?"
    r"(?P<part>[.,]\d+)?(?P<offset>Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
).fullmatch
_SECONDS: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII).fullmatch
_EARLIEST: Final = datetime(EARLIEST_YEAR.value, 1, 1, tzinfo=UTC)


def zone(name: str) -> tzinfo:
    """The IANA time zone of that name.

    Raises ConfigurationError.
    """
    from zoneinfo import ZoneInfo  # 2 ms, which only those pay who name a zone

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigurationError(
            f"there is no time zone {name!r}: name one like Europe/London "
            "(where the system has none, pip install tzdata)"
        ) from None


def read_time(value: Any, local: tzinfo | None, unix: bool) -> datetime:
    """An aware datetime from a datetime, a date, ISO 8601 text or, if `unix`, seconds.

    A naive one is a time in the zone `local`. Raises RecordError.
    """
    if type(value) is datetime and value.tzinfo is UTC:
        return value
    moment = _read(from_numpy(value), unix)
    if moment.utcoffset() is not None:
        return moment
    if local is None:
        raise _fault(
            "naive_time", "the time has no offset: add one, or say what time zone it is in"
        )
    return moment.replace(tzinfo=local)


def read_rfc_3339(text: str) -> datetime | None:
    """A time from a text that can go out as it stands; None for any other."""
    match = _USUAL(text)
    if match is None or match[1] is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def rfc_3339(moment: datetime) -> str:
    """An aware datetime as text."""
    if moment.tzinfo is UTC:
        return datetime.isoformat(moment)
    offset = moment.utcoffset()
    if offset is not None and offset % timedelta(minutes=1):  # RFC 3339 has no seconds there
        moment = moment.astimezone(UTC)
    return datetime.isoformat(moment)  # pandas' own isoformat adds nanoseconds


def check_range(moment: datetime, now: datetime) -> None:
    """Raises RecordError for a time that the server refuses.

    A year ahead is taken as 365 days, whatever the years are.
    """
    if moment < _EARLIEST:
        raise _fault("time_out_of_range", f"the time is too early: {EARLIEST_YEAR.sentence}")
    if moment > now + timedelta(days=365 * YEARS_AHEAD.value):
        raise _fault("time_out_of_range", f"the time is too late: {YEARS_AHEAD.sentence}")


def _fault(code: str, message: str) -> RecordError:
    return RecordError(Problem("/time", code, message))


def _read(value: Any, unix: bool) -> datetime:
    if isinstance(value, datetime) and value == value:  # pandas.NaT is a datetime, but not itself
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    if isinstance(value, str):
        text = value.strip()
        return _from_seconds(text) if unix and _SECONDS(text) else _from_text(text)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if unix:
            return _from_seconds(value)
        raise _fault("wrong_type", "a number is read as Unix seconds only when that is asked for")
    raise _fault("wrong_type", f"a time is a datetime or ISO 8601 text, not {type(value).__name__}")


def _from_seconds(value: str | float | Decimal) -> datetime:
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (OverflowError, ValueError, OSError):
        message = "that many Unix seconds are no time: milliseconds need dividing by 1,000"
        raise _fault("time_out_of_range", message) from None


def _from_text(text: str) -> datetime:
    text = text.upper().replace(" ", "T", 1)
    try:
        if _USUAL(text) is not None:
            return datetime.fromisoformat(text)
        # A time zone's name or a second offset would be skipped by either parser, or read as a
        # time: the form is checked first.
        if (match := _ISO_8601(text)) is not None:
            return _from_match(match)
    except (ValueError, OverflowError):
        pass
    message = "the time is not ISO 8601, like 2026-11-08T09:30:00+00:00"
    raise _fault("not_a_time", message)


def _from_match(match: re.Match[str]) -> datetime:
    day, clock, part = match["date"], match["clock"] or "", match["part"]
    if match["day"]:  # a year's day, 2026-312: dateutil does not read it
        day = _ordinal(int(match["year"]), int(match["day"])).isoformat()
    if part is None:
        return _isoparse(day + clock)
    # A fraction of an hour or a minute: dateutil refuses it, datetime takes it for seconds.
    unit = timedelta(minutes=1) if match["minute"] else timedelta(hours=1)
    whole = _isoparse(day + clock.replace(part, ""))
    return whole + unit * float(part.replace(",", "."))


def _ordinal(year: int, day: int) -> date:
    found = date(year, 1, 1) + timedelta(days=day - 1)
    if found.year != year:
        raise ValueError
    return found


def _isoparse(text: str) -> datetime:
    from dateutil.parser import isoparse  # 10 ms, for forms that few have

    return isoparse(text)
