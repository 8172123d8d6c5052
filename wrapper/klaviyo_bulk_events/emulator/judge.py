"""Whether a request's events are taken: all of them, or none."""

from collections.abc import Sequence
from typing import Any, Final

from attrs import define, field

from klaviyo_bulk_events.emulator import identity, schema
from klaviyo_bulk_events.emulator.keys import Key
from klaviyo_bulk_events.emulator.memory import Event, Memory
from klaviyo_bulk_events.emulator.poison import Poison
from klaviyo_bulk_events.emulator.refusals import (
    DUPLICATE,
    REPEATS,
    TWICE,
    Flaw,
    Path,
    RequestRefused,
)
from klaviyo_bulk_events.emulator.rules import (
    ENTRY_DEPTH,
    EVENT_DEPTH,
    Place,
    Reader,
    beginning,
    is_in_event,
)
from klaviyo_bulk_events.emulator.settings import Pointers, Settings

# Nobody knows how many Klaviyo tells at once. These make an answer of a megabyte or so.
_MOST_FLAWS: Final = 5_000
_UNIQUE_ID: Final[Path] = ("attributes", "unique_id")


@define
class Verdict:
    """What is taken of a request, and how much of it is left out without a word."""

    events: dict[Key, Event] = field(factory=dict)
    repeats: int = 0
    test_addresses: int = 0


class Judge:
    """Holds a document against the schema, the rules, what was accepted before, and poison."""

    def __init__(self, settings: Settings, memory: Memory, poison: Poison) -> None:
        self._settings = settings
        self._memory = memory
        self._poison = poison

    def judge(self, document: Any, request: int, now: float) -> Verdict:
        """Raise `RequestRefused` with what is wrong, or return what is taken."""
        document = beginning(document)
        reader = Reader(request, now, schema.flaws(document))
        places = reader.read(document)
        verdict, flaws = self._weigh(places)
        flaws = [*reader.flaws, *self._poisoned(places), *flaws]
        if flaws:
            raise RequestRefused(400, self._named(flaws))
        return verdict

    def _weigh(self, places: Sequence[Place]) -> tuple[Verdict, list[Flaw]]:
        verdict, flaws = Verdict(), []
        seen: set[Key] = set()
        for path, event in places:
            key = event.key
            if key in seen:
                flaws.append(_repeat(TWICE, "The event stands twice in the request.", path))
            elif identity.is_dropped(event.profile):
                verdict.test_addresses += 1
            elif key not in self._memory:
                verdict.events[key] = event
            elif self._settings.repeats == "drop":
                verdict.repeats += 1
            else:
                flaws.append(_repeat(DUPLICATE, "The event was received before.", path))
            seen.add(key)
        return verdict, flaws

    def _poisoned(self, places: Sequence[Place]) -> list[Flaw]:
        if places:
            self._poison.meet(places[0].event)
        return [
            Flaw("The event can't be processed.", path)
            for path, event in places
            if self._poison.refuses(event)
        ]

    def _named(self, flaws: Sequence[Flaw]) -> list[Flaw]:
        """The flaws as they are told: in the order of the document, as far as set."""
        told = sorted(flaws, key=lambda flaw: flaw.path or ())
        del told[1 if self._settings.name_faults == "first" else _MOST_FLAWS :]
        return [flaw._replace(path=_reached(flaw, self._settings.pointers)) for flaw in told]


def _repeat(code: str, detail: str, path: Path) -> Flaw:
    return Flaw(detail, (*path, *_UNIQUE_ID), code)


def _reached(flaw: Flaw, pointers: Pointers) -> Path | None:
    if flaw.path is None or flaw.code in REPEATS or pointers == "exact":
        return flaw.path
    if pointers == "nothing":
        return None
    if pointers == "event" and is_in_event(flaw.path):
        return flaw.path[:EVENT_DEPTH]
    return flaw.path[:ENTRY_DEPTH]
