"""What an emulator has accepted, and by what it knows a repeat."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from sys import getsizeof
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

from klaviyo_bulk_events.emulator.keys import Key, Keys

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
IDENTIFIERS: Final = ("id", "external_id", "email", "phone_number")
OTHER_IDENTIFIERS: Final = ("anonymous_id", "_kx")
_EVENT_BYTES: Final = 500
"""What a kept event takes up besides its texts, about."""
_ROOM: Final = 250_000_000
_ROOM_PER_EVENT: Final = 2_500
"""Bytes that events may take: in all, and for each that may be kept if that is more."""
_KEYS: Final = 2_000_000
"""Keys that are kept at least, some 210 MB."""


class Event(NamedTuple):
    """An event as the endpoint took it: `time` in UTC, cut to the second.

    `profile` holds the identifiers that were given, in the order that `Key` tells. `unique_id` is
    None where none was sent: its key then has the time's Unix second. `request` is the number of
    the request that brought it. `updates` are what was sent of the profile besides: attributes, and
    `meta` with its patches.
    """

    request: int
    profile: Mapping[str, str]
    metric: str
    unique_id: str | None
    time: datetime
    value: float | None
    value_currency: str | None
    properties: Mapping[str, Any]
    backfill: bool
    updates: Mapping[str, Any] = _NOTHING
    metric_service: str | None = None

    @property
    def key(self) -> Key:
        """What the event is known by; without a `unique_id`, its time to the second."""
        identifier = next(iter(self.profile.items()))
        unique_id = self.unique_id
        if unique_id is None:
            unique_id = str(int(self.time.timestamp()))
        return Key(identifier, self.metric, unique_id)

    def matches(self, profile: str | None, metric: str | None, unique_id: str | None) -> bool:
        """Whether the event has what is asked for; None asks for nothing."""
        return (
            (profile is None or profile in self.profile.values())
            and (metric is None or metric == self.metric)
            and (unique_id is None or unique_id == self.unique_id)
        )


class Packed(NamedTuple):
    """An event with its properties and updates beside it as JSON.

    As objects they would take four times the room; and text, because the bytes that orjson returns
    may hold on to far more memory than they need. Events that came with one profile share the text
    of its updates, which is in the `weight` of the first: about how many bytes of memory it takes.
    """

    event: Event
    properties: str
    updates: str
    weight: int


def _pack(events: Iterable[Event]) -> Iterator[Packed]:
    profile, shared = None, "{}"
    for event in events:
        properties = _text(event.properties)
        weight = _EVENT_BYTES + getsizeof(properties) + _size(event)
        if event.profile is not profile:
            profile = event.profile
            shared = _text(event.updates) if event.updates else "{}"
            weight += getsizeof(shared) + sum(map(getsizeof, profile.values()))
        bare = event._replace(properties=_NOTHING, updates=_NOTHING)
        yield Packed(bare, properties, shared, weight)


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _size(event: Event) -> int:
    """The bytes of the texts that no other event has."""
    return sum(getsizeof(field) for field in event if isinstance(field, str))


def _unpack(packed: Packed) -> Event:
    event, properties, updates, _ = packed
    return event._replace(properties=orjson.loads(properties), updates=orjson.loads(updates))


class Memory:
    """The latest events, how many of each metric there were, and the keys of far more.

    At most `keep` events, and of 250 MB, or 2.5 KB for each if that is more.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._room = max(_ROOM, keep * _ROOM_PER_EVENT)
        self._events: deque[Packed] = deque()
        self._bytes = 0
        self._keys = Keys(max(_KEYS, keep))
        self._metrics: Counter[str] = Counter()

    def __contains__(self, key: Key) -> bool:
        return key in self._keys

    @property
    def metrics(self) -> dict[str, int]:
        """How many events of each metric were ever accepted."""
        return dict(self._metrics)

    @property
    def keys_forgotten(self) -> int:
        """How many keys there was no more room for: of their events a repeat is accepted."""
        return self._keys.forgotten

    def add(self, events: Mapping[Key, Event]) -> None:
        """Take in the events of one request."""
        self._keys.add(events)
        self._metrics.update(event.metric for event in events.values())
        for packed in _pack(events.values()):
            self._events.append(packed)
            self._bytes += packed.weight
        while len(self._events) > self._keep or self._bytes > self._room:
            self._bytes -= self._events.popleft().weight

    def find(
        self,
        profile: str | None = None,
        metric: str | None = None,
        unique_id: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Event]:
        """The kept events that match, in the order they were accepted."""
        found = (each for each in self._events if each[0].matches(profile, metric, unique_id))
        end = None if limit is None else offset + limit
        return [_unpack(each) for each in islice(found, offset, end)]

    def snapshot(self) -> list[Packed]:
        """The kept events without their properties, which are beside them as JSON."""
        return list(self._events)
