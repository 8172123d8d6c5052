"""What the emulator holds, compared with what was in the input."""

from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Final

from attrs import define, field

from chaos.faults import Kind, Wrong
from chaos.records import Content, Item
from klaviyo_bulk_events.emulator import Emulator, Event

DERIVED: Final = "d1-"


@define
class Held:
    """Follows the emulator's memory. `requests` says which request brought an event."""

    contents: dict[int, Content]
    requests: dict[int, int] = field(factory=dict)
    keys: set[Hashable] = field(factory=set)
    wrong: list[Wrong] = field(factory=list)
    _seen: int = 0

    @classmethod
    def of(cls, items: Iterable[Item]) -> "Held":
        """Nothing is held yet of these records."""
        contents = (item.content for item in items if item.content is not None)
        return cls({content.number: content for content in contents})

    def follow(self, emulator: Emulator) -> set[int]:
        """Look at what has come since the last time; the numbers of its events."""
        events = emulator.events(offset=self._seen)
        self._seen += len(events)
        return {number for event in events if (number := self._take(event)) is not None}

    def lost(
        self, items: Iterable[Item], refused: Collection[int], conflicts: Collection[int]
    ) -> Iterator[Item]:
        """The first of each key of which nothing is held, though it was never refused.

        In a file of rejects another of its key may stand before it. Where that one was refused, and
        it was told that it is among the `conflicts`, it is not lost.
        """
        keys = {self.contents[number].key for number in refused}
        firsts: dict[Hashable, Item] = {}
        for item in items:
            if item.content is not None:
                firsts.setdefault(item.content.key, item)
        for key, item in firsts.items():
            content = item.content
            assert content is not None
            if key in self.keys or content.is_dropped or content.number in refused:
                continue
            if not (key in keys and content.number in conflicts):
                yield item

    def _take(self, event: Event) -> int | None:
        number = event.properties.get("n")
        content = self.contents.get(number) if isinstance(number, int) else None
        if content is None:
            self.wrong.append(Wrong(Kind.INVALID, f"held, though it breaks a rule: {event}"))
            return None
        if content.number in self.requests:
            self.wrong.append(Wrong(Kind.DOUBLED, f"held twice: {event}"))
        elif not _is_same(event, content):
            self.wrong.append(Wrong(Kind.INVALID, f"held is {event}, given was {content.event}"))
        self.requests[content.number] = event.request
        self.keys.add(content.key)
        return content.number


def _is_same(event: Event, content: Content) -> bool:
    given = content.event.unique_id
    if given is None and (event.unique_id or "").startswith(DERIVED):
        given = event.unique_id
    return event == content.event._replace(request=event.request, unique_id=given)
