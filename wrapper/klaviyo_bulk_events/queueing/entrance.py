"""The way into a queue: records are checked, encoded, and put into its line if there is room."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from klaviyo_bulk_events.encoder import EncodedEvent, Encoder
from klaviyo_bulk_events.errors import ConfigurationError, QueueFullError, SpoolError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.planner import Planner, Record, outcome
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.queueing.background import Background
from klaviyo_bulk_events.queueing.backlog import Backlog
from klaviyo_bulk_events.queueing.behind import EVERY
from klaviyo_bulk_events.queueing.counts import Counts
from klaviyo_bulk_events.queueing.options import Options, WhenFull
from klaviyo_bulk_events.queueing.telling import Telling

_LOOK_FOR_ROOM: Final = 0.1
_FULL: Final = Problem("", "queue_full", "as many events waited in the queue as may")

_log: Final = logging.getLogger("klaviyo_bulk_events.queue")


class Entrance:
    """Takes records in, from many threads, and starts what sends them.

    `put` is the whole way, for whoever may block; the other methods are its steps. `clock` tells
    Unix time, `ticks` is monotonic.
    """

    def __init__(
        self,
        intake: Intake,
        backfill: bool | None,
        options: Options,
        backlog: Backlog,
        background: Background,
        counts: Counts,
        telling: Telling,
        clock: Callable[[], float],
        ticks: Callable[[], float],
    ) -> None:
        self._intake = intake
        self._backfill = backfill
        self._options = options
        self._backlog = backlog
        self._background = background
        self._clock = clock
        self._ticks = ticks
        self.renew(counts, telling)

    def renew(self, counts: Counts, telling: Telling) -> None:
        """Begin anew in a child process, whatever another thread held."""
        self._lock = threading.Lock()
        encoder = Encoder(self._intake, self._backfill)
        self._planner = Planner(encoder, self._intake, keep_records=False)
        self._counts = counts
        self._telling = telling
        self._told_full = float("-inf")

    def put(self, event: Record) -> None:
        """Take an event; waits if there is no room and the queue blocks. See `EventQueue.put`."""
        taken = self.take(event)
        if taken is not None and not self.offer([taken]):
            self._full(taken)

    def take(self, event: Record) -> EncodedEvent | None:
        """Encode an event; None if it is rejected, which is told."""
        self.check_open()
        self._background.start()
        self._counts.put()
        with self._lock:
            taken = self._planner.look(event)
        if isinstance(taken, Outcome):
            self._telling.one(taken)
            return None
        return taken

    def offer(self, events: Sequence[EncodedEvent]) -> int:
        """Put encoded events into the line; how many there was room for. Raises SpoolError."""
        try:
            return self._backlog.put(events, self._clock())
        except SpoolError:
            self._counts.not_put(len(events))
            raise

    def _full(self, event: EncodedEvent) -> None:
        if not self.blocks:
            self.refuse(event)
            return
        while not self.offer([event]):
            self._background.wait_for_room(_LOOK_FOR_ROOM)
            self._check_still_open()

    @property
    def is_spooled(self) -> bool:
        """Whether it leads into a spool."""
        return self._options.spooled

    @property
    def blocks(self) -> bool:
        """Whether a put waits for room."""
        return self._options.when_full is WhenFull.BLOCK

    def check_open(self) -> None:
        """Raises ConfigurationError once the queue is closed."""
        if self._background.is_closed:
            raise ConfigurationError("the queue is closed")

    def not_put(self) -> None:
        """An event was not taken after all, and its caller knows."""
        self._counts.not_put(1)

    def refuse(self, event: EncodedEvent) -> None:
        """Drop an event for which there is no room, or raise QueueFullError.

        Raises ConfigurationError if there is none because the queue was closed meanwhile.
        """
        self._check_still_open()
        if self._options.when_full is WhenFull.RAISE:
            self.not_put()
            raise QueueFullError(f"{self._options.max_events:,} events, or their bytes, wait")
        self._telling.dropped(outcome(event, Status.UNSENT, _FULL))
        now = self._ticks()
        if now - self._told_full >= EVERY:
            self._told_full = now
            dropped = self._counts.stats(None, 0.0).dropped
            _log.warning("the queue is full: %d events were dropped so far", dropped)

    def _check_still_open(self) -> None:
        """Raises ConfigurationError if the queue was closed meanwhile: the event was not put."""
        if self._background.is_closed:
            self.not_put()
            self.check_open()
