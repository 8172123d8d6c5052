"""Events that are refused though nothing is wrong with them, each time they come."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import orjson

from klaviyo_bulk_events.emulator.faults import POISON
from klaviyo_bulk_events.emulator.keys import Key
from klaviyo_bulk_events.emulator.memory import Event

_DIGEST_BYTES: Final = 8

Predicate = Callable[[Event], bool]


def share(seed: int, event: Event) -> float:
    """A number from 0 to 1 that depends on the seed and the event's content alone.

    The event is refused where this lies below the probability of `poison`.
    """
    digest = blake2b(b"%d" % seed + _content(event), digest_size=_DIGEST_BYTES).digest()
    return int.from_bytes(digest) / 256**_DIGEST_BYTES


def _content(event: Event) -> bytes:
    content = [*event.key, event.time, event.value, event.properties, event.backfill]
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


class Poison:
    """Refuses events by their share, by a predicate, and those it was told to once."""

    def __init__(self, probability: float, seed: int) -> None:
        self.probability = probability
        self.predicate: Predicate | None = None
        self.error: Exception | None = None
        self.refused: set[Key] = set()
        self._seed = seed
        self._pending = 0
        self._marked: set[bytes] = set()

    @property
    def asked(self) -> dict[str, int]:
        """How many next requests are to have their first event marked, if any."""
        return {POISON: self._pending} if self._pending else {}

    def call_off(self) -> None:
        """Mark no further event; those that are marked stay so."""
        self._pending = 0

    def inject(self, times: int) -> None:
        """Mark the first event of each of the next requests, for good."""
        self._pending += times

    def forget(self) -> None:
        """Drop what was marked or refused so far; share and predicate stay."""
        self._pending = 0
        self.error = None
        self._marked.clear()
        self.refused.clear()

    def meet(self, event: Event) -> None:
        """Tell of a request's first event, in case it is to be marked."""
        if self._pending:
            self._pending -= 1
            self._marked.add(_content(event))

    def refuses(self, event: Event) -> bool:
        """Whether the event is refused; it is then remembered."""
        refused = (
            self._is_meant(event)
            or (bool(self._marked) and _content(event) in self._marked)
            or (self.probability > 0 and share(self._seed, event) < self.probability)
        )
        if refused:
            self.refused.add(event.key)
        return refused

    def _is_meant(self, event: Event) -> bool:
        """Whether the predicate is true. What it raises is kept: a client would retry a 500."""
        try:
            return self.predicate is not None and bool(self.predicate(event))
        except Exception as error:
            if self.error is None:
                error.add_note("The predicate that was given to refuse() raised this.")
                self.error = error
            return False
