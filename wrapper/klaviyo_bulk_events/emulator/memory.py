"""What an emulator has accepted, and by what it knows a repeat."""

from collections import Counter, deque
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

IDENTIFIERS: Final = ("id", "external_id", "email", "phone_number")
OTHER_IDENTIFIERS: Final = ("anonymous_id", "_kx")


class Key(NamedTuple):
    """What the endpoint tells events apart by. `profile` is its first identifier and which it is.

    Klaviyo merges profiles that share any identifier. Here a profile is its first one in the order
    `id`, `external_id`, `email`, `phone_number`, compared as sent: simple, and the same each time.
    """

    profile: tuple[str, str]
    metric: str
    unique_id: str


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
    updates: Mapping[str, Any] = MappingProxyType({})
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


# Properties are kept as JSON: as objects they would take four times the room. As text, because
# the bytes that orjson returns may hold on to far more memory than they need.
_Packed = tuple[Event, str]
_ELSEWHERE: Final[Mapping[str, Any]] = MappingProxyType({})


def _pack(event: Event) -> _Packed:
    left = event._replace(properties=_ELSEWHERE, updates=_ELSEWHERE)
    return left, orjson.dumps(event.properties).decode()


def _unpack(packed: _Packed, updates: str) -> Event:
    event, properties = packed
    said = orjson.loads(updates) if updates else {}
    return event._replace(properties=orjson.loads(properties), updates=said)


class Memory:
    """The latest events; how many of each metric there were, and every key, however long ago."""

    def __init__(self, keep: int) -> None:
        self._events: deque[_Packed] = deque(maxlen=keep)
        # As JSON too, in step with the events; nothing where there was nothing.
        self._updates: deque[str] = deque(maxlen=keep)
        self._keys: set[Key] = set()
        self._metrics: Counter[str] = Counter()

    def __contains__(self, key: Key) -> bool:
        return key in self._keys

    @property
    def metrics(self) -> dict[str, int]:
        """How many events of each metric were ever accepted."""
        return dict(self._metrics)

    def add(self, events: Mapping[Key, Event]) -> None:
        """Take in the events of one request."""
        self._keys.update(events)
        self._events.extend(_pack(event) for event in events.values())
        said = (event.updates for event in events.values())
        self._updates.extend(orjson.dumps(one).decode() if one else "" for one in said)
        self._metrics.update(event.metric for event in events.values())

    def find(
        self,
        profile: str | None = None,
        metric: str | None = None,
        unique_id: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Event]:
        """The kept events that match, in the order they were accepted."""
        kept = zip(self._events, self._updates, strict=True)
        found = (each for each in kept if each[0][0].matches(profile, metric, unique_id))
        end = None if limit is None else offset + limit
        return [_unpack(*each) for each in islice(found, offset, end)]
