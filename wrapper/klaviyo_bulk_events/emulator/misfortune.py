"""Which fault, if any, the next request meets."""

from collections import Counter, deque
from collections.abc import Mapping
from math import fsum
from random import Random
from typing import Final

from klaviyo_bulk_events.emulator.faults import FAULTS, POISON, SUMMARIES, Fault
from klaviyo_bulk_events.errors import ConfigurationError

_ROUNDING: Final = 1e-9


def check_name(name: str) -> None:
    """Raise `ConfigurationError` unless this is a fault's name."""
    if name not in SUMMARIES:
        raise ConfigurationError(f"no fault is named {name!r}; there are {', '.join(SUMMARIES)}")


def check_probabilities(faults: Mapping[str, float]) -> None:
    """Raise `ConfigurationError` unless at most one fault a request can be drawn from these."""
    for name, probability in faults.items():
        check_name(name)
        if not 0 <= probability <= 1:
            raise ConfigurationError(f"a probability is 0 to 1, not {probability} for {name}")
    if fsum(p for name, p in faults.items() if name != POISON) > 1 + _ROUNDING:
        raise ConfigurationError("the probabilities of faults of whole requests add up to over 1")


class Misfortune:
    """One seeded draw for each request: a request meets one fault, or none.

    Faults that were asked for go first, in the order in which they were asked for.
    """

    def __init__(self, probabilities: Mapping[str, float], random: Random) -> None:
        self.probabilities = probabilities
        self._random = random
        self._asked: deque[Fault] = deque()

    def inject(self, name: str, times: int) -> None:
        """Have the next so many draws give this fault."""
        self._asked.extend([FAULTS[name]] * times)

    @property
    def asked(self) -> dict[str, int]:
        """How many times each fault was asked for that is still to come."""
        return dict(Counter(fault.name for fault in self._asked))

    def forget(self) -> None:
        """Drop what was asked for and didn't come yet."""
        self._asked.clear()

    def draw(self) -> Fault | None:
        """The fault of the next request, if it meets one."""
        if self._asked:
            return self._asked.popleft()
        drawn = self._random.random()
        for name, probability in self.probabilities.items():
            if name in FAULTS:
                drawn -= probability
                if drawn < 0:
                    return FAULTS[name]
        return None
