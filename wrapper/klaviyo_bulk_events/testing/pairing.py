"""Which of the received events is which of those that were expected."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import define, field

from klaviyo_bulk_events.testing.wanted import Wanted

Record = Mapping[str, Any]

# By these an event is looked up: holding all against all takes minutes for some thousands.
_TELLING: Final = ("email", "external_id", "phone_number", "id")


@define
class Pairing:
    """As many as can be, one to one: an expectation may fit several events.

    `missing` are the expectations left over, `unexpected` the events.
    """

    wanted: Sequence[Wanted]
    received: Sequence[Record]
    missing: list[Wanted] = field(init=False)
    unexpected: list[Record] = field(init=False)
    _held: dict[int, int] = field(init=False, factory=dict)
    _owner: dict[int, int] = field(init=False, factory=dict)
    _fits: dict[int, list[int]] = field(init=False, factory=dict)
    _known_by: dict[tuple[str, str], list[int]] = field(
        init=False, factory=lambda: defaultdict(list)
    )

    def __attrs_post_init__(self) -> None:
        for at, record in enumerate(self.received):
            for handle in _handles(record):
                self._known_by[handle].append(at)
        self.missing = [one for at, one in enumerate(self.wanted) if not self._pair(at)]
        left = [at for at in range(len(self.received)) if at not in self._owner]
        self.unexpected = [self.received[at] for at in left]

    def _pair(self, one: int) -> bool:
        """Find an event for an expectation, those of others being exchanged where that helps."""
        if (free := self._first_free(one)) is not None:
            self._exchange(free, {free: one})
            return True
        reached: dict[int, int] = {}
        looking = deque([one])
        while looking:
            current = looking.popleft()
            for event in self._fitting(current):
                if event in reached:
                    continue
                reached[event] = current
                if event not in self._owner:
                    self._exchange(event, reached)
                    return True
                looking.append(self._owner[event])
        return False

    def _first_free(self, one: int) -> int | None:
        wanted = self.wanted[one]
        free = (at for at in self._candidates(wanted) if at not in self._owner)
        return next((at for at in free if wanted.fits(self.received[at])), None)

    def _exchange(self, event: int | None, reached: Mapping[int, int]) -> None:
        while event is not None:
            owner = self._owner[event] = reached[event]
            before = self._held.get(owner)
            self._held[owner] = event
            event = before

    def _fitting(self, one: int) -> list[int]:
        if one not in self._fits:
            wanted = self.wanted[one]
            self._fits[one] = [
                at for at in self._candidates(wanted) if wanted.fits(self.received[at])
            ]
        return self._fits[one]

    def _candidates(self, wanted: Wanted) -> Sequence[int]:
        known = [self._known_by.get(handle, []) for handle in _handles(wanted.record)]
        return min([range(len(self.received)), *known], key=len)


def _handles(record: Record) -> Iterator[tuple[str, str]]:
    """What an event can be looked up by: those of its names that are plain text."""
    profile = record.get("profile")
    person = profile if isinstance(profile, Mapping) else {}
    named = {"unique_id": record.get("unique_id"), "metric": record.get("metric")}
    for name, value in (*named.items(), *((name, person.get(name)) for name in _TELLING)):
        if type(value) is str:
            yield name, value
