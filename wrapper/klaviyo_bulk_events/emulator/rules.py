"""What a JSON schema can't say of a request: identifiers, times, flags, the number of events."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from klaviyo_bulk_events.emulator import identity
from klaviyo_bulk_events.emulator.memory import IDENTIFIERS, Event
from klaviyo_bulk_events.emulator.refusals import Flaw, Path
from klaviyo_bulk_events.limits import EARLIEST_YEAR, EVENTS_PER_REQUEST, YEARS_AHEAD

ENTRIES: Final[Path] = ("data", "attributes", "events-bulk-create", "data")
_PROFILE: Final[Path] = ("attributes", "profile", "data")
_EVENTS: Final[Path] = ("attributes", "events", "data")
ENTRY_DEPTH: Final = len(ENTRIES) + 1
EVENT_DEPTH: Final = ENTRY_DEPTH + len(_EVENTS) + 1
_EARLIEST: Final = datetime(EARLIEST_YEAR.value, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=365 * YEARS_AHEAD.value)
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", re.ASCII
)

Json = Mapping[str, Any]


def beginning(document: Any) -> Any:
    """The document up to an event more than a request may hold: the rest changes nothing.

    An entry counts for one event at least, for so many it needs.
    """
    try:
        entries = document["data"]["attributes"]["events-bulk-create"]["data"]
    except (KeyError, TypeError):
        return document
    if not isinstance(entries, list):
        return document
    kept = [*_first(entries, EVENTS_PER_REQUEST.value + 1)]
    return _with(document, ENTRIES, kept)


def _first(entries: Iterable[Any], left: int) -> Iterator[Any]:
    for entry in entries:
        if left <= 0:
            return
        events = _events(entry)
        yield entry if len(events) <= left else _with(entry, _EVENTS, events[:left])
        left -= max(1, len(events))


def _events(entry: Any) -> list[Any]:
    try:
        events = entry["attributes"]["events"]["data"]
    except (KeyError, TypeError):
        return []
    return events if isinstance(events, list) else []


def _with(document: Any, path: Path, value: Any) -> Any:
    """The document with another value at this path, which leads through objects alone."""
    if not path:
        return value
    step, *rest = path
    return {**document, step: _with(document[step], tuple(rest), value)}


class Place(NamedTuple):
    """An event, and where in the request it stands."""

    path: Path
    event: Event


class Reader:
    """Reads the events of one request, and gathers what is wrong with it.

    What the schema has found something in is passed over: it need not have the form to be read.
    """

    def __init__(self, request: int, now: float, found: Iterable[Flaw]) -> None:
        self.flaws: list[Flaw] = list(found)
        self._request = request
        self._now = datetime.fromtimestamp(now, UTC).replace(microsecond=0)
        self._latest = self._now + _AHEAD
        self._broken = {_territory(flaw.path or ()) for flaw in self.flaws}

    def read(self, document: Json) -> list[Place]:
        """The events that could be read, in their order, each with its place."""
        if () in self._broken:
            return []
        entries = document["data"]["attributes"]["events-bulk-create"]["data"]
        sound = [(i, entry) for i, entry in enumerate(entries) if (*ENTRIES, i) not in self._broken]
        count = sum(len(entry["attributes"]["events"]["data"]) for _, entry in sound)
        if count > EVENTS_PER_REQUEST.value:
            detail = f"A request must not hold more than {EVENTS_PER_REQUEST.value} events."
            self.flaws.append(Flaw(detail, ENTRIES))
        return [place for i, entry in sound for place in self._entry((*ENTRIES, i), entry)]

    def _entry(self, path: Path, entry: Json) -> Iterator[Place]:
        attributes = entry["attributes"]
        person = attributes["profile"]["data"]
        profile = self._profile((*path, *_PROFILE), person)
        updates = identity.updates(person) if profile else {}
        backfill = bool(attributes.get("backfill"))
        for i, event in enumerate(attributes["events"]["data"]):
            at = (*path, *_EVENTS, i)
            if at not in self._broken:
                read = self._event(at, event["attributes"], profile, backfill)
                if read is not None and profile:
                    yield Place(at, read._replace(updates=updates))

    def _profile(self, path: Path, profile: Json) -> dict[str, str]:
        """The profile's identifiers; none where they can't be relied on."""
        if path[:-1] in self._broken:
            return {}
        given = identity.identifiers(profile)
        self.flaws.extend(identity.flaws(profile, given, path))
        return given if any(name in given for name in IDENTIFIERS) else {}

    def _event(self, path: Path, event: Json, profile: Json, backfill: bool) -> Event | None:
        time = self._time(path, event.get("time"))
        agrees = bool(event.get("backfill")) is backfill
        if not agrees:
            detail = "The event's backfill differs from its entry's; left out, it is false."
            self.flaws.append(Flaw(detail, (*path, "attributes", "backfill")))
        if time is None or not agrees:
            return None
        metric = event["metric"]["data"]["attributes"]
        return Event(
            request=self._request,
            profile=profile,
            metric=metric["name"],
            unique_id=event.get("unique_id"),
            time=time,
            value=event.get("value"),
            value_currency=event.get("value_currency"),
            properties=event["properties"],
            backfill=backfill,
            metric_service=metric.get("service"),
        )

    def _time(self, path: Path, text: str | None) -> datetime | None:
        """The time in UTC, cut to the second; that of the request where none is given."""
        if text is None:
            return self._now
        time = _instant(text)
        if time is not None and _EARLIEST <= time <= self._latest:
            return time.replace(microsecond=0)
        detail = "The time is not ISO 8601 with an offset."
        if time is not None:
            detail = YEARS_AHEAD.sentence
        self.flaws.append(Flaw(detail, (*path, "attributes", "time")))
        return None


def _instant(text: str) -> datetime | None:
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_in_event(path: Path) -> bool:
    """Whether a path leads to an event or into it."""
    return len(path) >= EVENT_DEPTH and path[ENTRY_DEPTH : EVENT_DEPTH - 1] == _EVENTS


def _territory(path: Path) -> Path:
    """The event, the profile, the entry or the whole that a flaw at this path spoils."""
    if len(path) < ENTRY_DEPTH:
        return ()
    if is_in_event(path):
        return path[:EVENT_DEPTH]
    profile = ENTRY_DEPTH + len(_PROFILE) - 1
    return path[:profile] if path[ENTRY_DEPTH:profile] == _PROFILE[:-1] else path[:ENTRY_DEPTH]
