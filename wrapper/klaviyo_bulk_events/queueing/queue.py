"""A queue that takes events at once and sends them in the background."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from klaviyo_bulk_events import forks
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.lanes import Lanes
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.queueing import exits
from klaviyo_bulk_events.queueing.background import Background
from klaviyo_bulk_events.queueing.backlog import Backlog
from klaviyo_bulk_events.queueing.counts import Counts, QueueStats
from klaviyo_bulk_events.queueing.entrance import Entrance
from klaviyo_bulk_events.queueing.options import Options
from klaviyo_bulk_events.queueing.telling import OnOutcome, Telling
from klaviyo_bulk_events.settings import Settings


class EventQueue:
    """Takes events and sends them from a thread of its own. Made by `KlaviyoBulkEvents.queue`.

    Safe to share between threads. A process that is forked off has a sender, numbers and (without a
    spool) a line of its own. What is open when the interpreter ends is closed then.
    """

    def __init__(
        self,
        settings: Settings,
        lanes: Lanes,
        intake: Intake,
        backfill: bool | None,
        options: Options,
        backlog: Backlog,
        on_outcome: OnOutcome | None = None,
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = options
        self._backlog = backlog
        self._on_outcome = on_outcome
        self._clock = clock
        self._counts = counts = Counts()
        telling = Telling(counts, on_outcome)
        self._background = Background(
            settings, lanes, intake.window, options, backlog, telling, self.close, clock, ticks
        )
        self._entrance = Entrance(
            intake, backfill, options, backlog, self._background, counts, telling, clock, ticks
        )
        forks.in_child(self._renew)
        exits.opened(self)

    def _renew(self) -> None:
        self._backlog.renew()
        self._counts = Counts()
        telling = Telling(self._counts, self._on_outcome)
        self._background.renew(telling)
        self._entrance.renew(self._counts, telling)

    def put(self, event: Record) -> None:
        """Take an event as it is now; returns at once, unless the queue is full and blocks.

        One without a time gets the present one. An invalid one is `rejected`, and raises nothing.
        Raises QueueFullError if the queue is full and is to raise, SpoolError if the spool can't be
        written, ConfigurationError once the queue is closed.
        """
        self._entrance.put(event)

    def start(self) -> None:
        """Start the sender, as the first `put` does: it goes on with what waits in a spool."""
        self._background.start()

    def flush(self, timeout: float | None = None) -> bool:
        """Send now what was put before; whether all of it is settled, within so many seconds.

        None waits for ever. From `on_outcome` it does not wait.
        """
        return self._background.flush(timeout)

    def stats(self) -> QueueStats:
        """The numbers now."""
        waiting, arrived = self._backlog.standing()
        age = 0.0 if arrived is None else max(0.0, self._clock() - arrived)
        return self._counts.stats(waiting if self._options.spooled else None, age)

    def close(self, timeout: float | None = None) -> bool:
        """Take nothing more, and send what waits; whether all is settled within so many seconds.

        None is the queue's `exit_timeout`. What is left then stays in the spool; without a spool it
        is told as `unsent`, or `unknown` if it may have been sent.
        """
        try:
            return self._background.close(timeout)
        finally:
            if self._background.is_closed:  # it may have been interrupted before
                exits.closed(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def entrance_of(queue: EventQueue) -> Entrance:
    """The way into a queue, for the asyncio queue, which must not block on it."""
    return queue._entrance
