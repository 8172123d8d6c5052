"""Tells what became of events: counted, and handed to whoever wants to know."""

import logging
from collections.abc import Callable, Iterable
from typing import Final

from klaviyo_bulk_events.decoder import record_of
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.planner import outcome
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.queueing.counts import Counts

OnOutcome = Callable[[Outcome], object]
_TOLD: Final = 3
"""Codes of rejections that a line names."""

_log: Final = logging.getLogger("klaviyo_bulk_events.queue")


class Telling:
    """Counts outcomes and calls `on_outcome`, whose own faults can't take events down with it."""

    def __init__(self, counts: Counts, on_outcome: OnOutcome | None) -> None:
        self._counts = counts
        self._on_outcome = on_outcome

    def events(self, events: Iterable[EncodedEvent], status: Status, *problems: Problem) -> None:
        """Tell of events that have one fate."""
        events = tuple(events)
        self._counts.settled([status] * len(events))
        if status is Status.REJECTED and events:
            _log.warning("%d events were rejected: %s", len(events), _codes(problems))
        if self._on_outcome is not None:
            for event in events:
                event.record = record_of(event.opening, event.data)
                self._tell(outcome(event, status, *problems))

    def one(self, told: Outcome) -> None:
        """Tell of an event that was settled before anything was sent."""
        self._counts.settled([told.status])
        if told.status is Status.REJECTED:
            _log.warning("an event was rejected: %s", _codes(told.problems))
        self._tell(told)

    def dropped(self, told: Outcome) -> None:
        """Tell of an event for which there was no room."""
        self._counts.dropped()
        self._tell(told)

    def _tell(self, told: Outcome) -> None:
        if self._on_outcome is None:
            return
        try:
            self._on_outcome(told)
        except Exception:
            _log.exception("on_outcome raised; the queue goes on")


def _codes(problems: Iterable[Problem]) -> str:
    """What is wrong, without anything of the event."""
    return ", ".join(problem.code for problem in tuple(problems)[:_TOLD])
