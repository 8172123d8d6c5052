"""Events by parts of their profile, metric and unique_id; profiles by how many events they have."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from klaviyo_bulk_events.emulator.memory import Event, Packed

ProfileKey = tuple[str, str]


def _folded(text: str) -> str:
    return text.casefold()


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
            (not self.metric or self.metric in str(metric).casefold())
            and (not self.unique_id or self.unique_id in str(unique_id).casefold())
            and (
                not self.profile or any(self.profile in str(v).casefold() for v in profile.values())
            )
        )


@define
class Person:
    """A profile with the number of its events and the times of the first and the last."""

    key: ProfileKey
    events: int
    first: Any
    last: Any


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
    """The profiles with this in their identifier, those with most events first."""
    found: dict[ProfileKey, Person] = {}
    for event, _ in kept:
        key = key_of(event)
        person = found.get(key)
        if person is None:
            found[key] = Person(key, 1, event.time, event.time)
        else:
            person.events += 1
            person.first = min(person.first, event.time)
            person.last = max(person.last, event.time)
    wanted = wanted.casefold()
    matching = (person for person in found.values() if wanted in person.key[1].casefold())
    return sorted(matching, key=lambda person: (-person.events, person.key))


def key_of(event: Event) -> ProfileKey:
    """The identifier that an event's profile is known by."""
    return next(iter(event.profile.items()))
