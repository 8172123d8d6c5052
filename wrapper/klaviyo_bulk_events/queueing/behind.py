"""Says when a queue falls behind, and not too often."""

import logging
from collections.abc import Callable
from typing import Final

from klaviyo_bulk_events.queueing.backlog import Backlog

BEHIND: Final = 15.0
"""Seconds that events may wait beyond their age: a few retries take that long, and mend it."""
EVERY: Final = 60.0
"""Seconds between two lines."""

_log: Final = logging.getLogger("klaviyo_bulk_events.queue")


class Behind:
    """Warns at most once a minute. `clock` tells Unix time, `ticks` is monotonic."""

    def __init__(
        self,
        backlog: Backlog,
        max_age: float,
        clock: Callable[[], float],
        ticks: Callable[[], float],
    ) -> None:
        self._backlog = backlog
        self._most = max_age + BEHIND
        self._clock = clock
        self._ticks = ticks
        self._told = float("-inf")

    def look(self) -> None:
        """Warn if the oldest event waits too long."""
        now = self._ticks()
        if now - self._told < EVERY:
            return
        waiting, arrived = self._backlog.standing()
        if arrived is None or (age := self._clock() - arrived) <= self._most:
            return
        self._told = now
        _log.warning("the queue falls behind: %d events wait, the oldest for %.0f s", waiting, age)
