"""The timeline of a run, over all of its sessions."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.settings import SPEC_RATES
from klaviyo_bulk_events.steps import Notice
from klaviyo_bulk_events.timeline import Timeline

_EVERY: Final = 5.0
"""Seconds for which a killed run's timeline may lack what happened last; its counts never do."""


class Moments:
    """Hears notices from any thread, and is put into the store now and then."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._saved = float("-inf")
        before = store.get("timeline")
        rates = _rates(store.get("about") or {})
        self._timeline = Timeline.restored(before, rates=rates) if before else Timeline(rates)

    def hear(self, notice: Notice) -> None:
        """Book a notice."""
        self._timeline(notice)

    def due(self) -> dict[str, Any]:
        """What is to be put into the store, if it was not a moment ago."""
        now = self._clock()
        if now - self._saved < _EVERY:
            return {}
        self._saved = now
        return {"timeline": self.state()}

    def state(self) -> Any:
        """All of it in plain JSON values."""
        return self._timeline.state()


def _rates(about: Mapping[str, Any]) -> tuple[Rate, ...]:
    limits = about.get("limits")
    if not limits:
        return SPEC_RATES
    return tuple(Rate(limit["requests"], limit["seconds"]) for limit in limits)
