"""An account's outcomes, until there are enough for a batch."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from attrs import Factory, define

from klaviyo_bulk_events.arrow.outcome_batches import batch_of
from klaviyo_bulk_events.outcomes import Outcome, Status

_AT_ONCE: Final = 1_000
_FINAL: Final = frozenset({Status.DUPLICATE, Status.REJECTED})


def no_chunk(position: int) -> int | None:
    """The event at the position was in no chunk."""
    return None


@define(eq=False)
class Telling:
    """Says outcomes in batches; `before` counts those settled before anything was sent.

    It counts by status and code. `chunk_of` gives the number of an event's chunk, by the position.
    """

    account: str
    say: Callable[[Any], None]
    chunk_of: Callable[[int], int | None] = no_chunk
    before: Counter[tuple[str, str]] = Factory(Counter)
    _outcomes: list[Outcome] = Factory(list)

    def add(self, outcome: Outcome) -> None:
        """Say it some time."""
        self._outcomes.append(outcome)
        if len(self._outcomes) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Say what is left."""
        if not self._outcomes:
            return
        batch = batch_of(self._outcomes, self.account, self.chunk_of)
        for outcome, chunk in zip(self._outcomes, batch.column("chunk").to_pylist(), strict=True):
            if chunk is None and outcome.status in _FINAL:
                code = outcome.problems[0].code if outcome.problems else ""
                self.before[outcome.status.value, code] += 1
        self._outcomes = []
        self.say(batch)
