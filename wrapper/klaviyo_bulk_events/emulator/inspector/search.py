"""Events by parts of their profile, metric and unique_id; profiles by how many events they have."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from klaviyo_bulk_events.emulator.memory import Event, Packed

ProfileKey = tuple[str, str]


def _folded(text: str) -> str:
    return text.casefold()


def _is_in(part: str, value: Any) -> bool:
    return not part or (value is not None and part in str(value).casefold())


@frozen
class Wanted:
    """What is searched for: parts of texts, in either case; "" is in all of them."""

    profile: str = field(default="", converter=_folded)
    metric: str = field(default="", converter=_folded)
    unique_id: str = field(default="", converter=_folded)

    def everything(self) -> bool:
        """Whether nothing is searched for."""
        return not (self.profile or self.metric or self.unique_id)

    def matches(self, profile: Mapping[str, Any], metric: Any, unique_id: Any) -> bool:
        """Whether something with these has all that is searched for."""
        return (
            _is_in(self.metric, metric)
            and _is_in(self.unique_id, unique_id)
            and (not self.profile or any(_is_in(self.profile, v) for v in profile.values()))
        )


@define
class Person:
    """A profile: all identifiers that came with it, its events' number, first and last time."""

    key: ProfileKey
    identifiers: Mapping[str, str]
    events: int
    first: datetime
    last: datetime

    def add(self, event: Event) -> None:
        """Count a further event."""
        self.events += 1
        self.first = min(self.first, event.time)
        self.last = max(self.last, event.time)
        if event.profile is not self.identifiers and event.profile != self.identifiers:
            self.identifiers = {**self.identifiers, **event.profile}


def events(kept: Sequence[Packed], wanted: Wanted) -> Sequence[Packed]:
    """Those that match, newest first."""
    if wanted.everything():
        return kept[::-1]
    return [
        each
        for each in reversed(kept)
        if wanted.matches(each[0].profile, each[0].metric, each[0].unique_id)
    ]


def events_of(kept: Iterable[Packed], profile: ProfileKey) -> list[Packed]:
    """A profile's events by their time."""
    return sorted((p for p in kept if key_of(p[0]) == profile), key=lambda packed: packed[0].time)


def people(kept: Iterable[Packed], wanted: str) -> list[Person]:
    """The profiles with this in an identifier, those with most events first."""
    found: dict[ProfileKey, Person] = {}
    for event, *_ in kept:
        key = key_of(event)
        if person := found.get(key):
            person.add(event)
        else:
            found[key] = Person(key, event.profile, 1, event.time, event.time)
    asked = Wanted(profile=wanted)
    matching = (each for each in found.values() if asked.matches(each.identifiers, None, None))
    return sorted(matching, key=lambda person: (-person.events, person.key))


def key_of(event: Event) -> ProfileKey:
    """The identifier that an event's profile is known by."""
    return next(iter(event.profile.items()))
