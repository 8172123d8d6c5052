"""A queue that takes events at once and sends them in the background."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from klaviyo_bulk_events import forks
from klaviyo_bulk_events.encoder import EncodedEvent, Encoder
from klaviyo_bulk_events.errors import ConfigurationError, QueueFullError, SpoolError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.lanes import Lanes
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.planner import Planner, Record, outcome
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.queueing import exits
from klaviyo_bulk_events.queueing.backlog import Backlog
from klaviyo_bulk_events.queueing.behind import EVERY, Behind
from klaviyo_bulk_events.queueing.carrying import Carrier
from klaviyo_bulk_events.queueing.counts import Counts, QueueStats
from klaviyo_bulk_events.queueing.cutting import Cutter
from klaviyo_bulk_events.queueing.options import Options, WhenFull
from klaviyo_bulk_events.queueing.sender import Sender
from klaviyo_bulk_events.queueing.telling import OnOutcome, Telling
from klaviyo_bulk_events.settings import Settings
from klaviyo_bulk_events.steps import Answered, Notice

_POLL: Final = 0.01
_LOOK_FOR_ROOM: Final = 0.1
_BREAK_OFF: Final = 2.0
"""Seconds in which a sender ends once its connections are shut."""
_FULL: Final = Problem("", "queue_full", "as many events waited in the queue as may")
_NOT_SENT: Final = Problem("", "not_sent", "the queue was closed before it was sent")
_NOT_SETTLED: Final = Problem(
    "", "no_answer", "the queue was closed before an answer settled it; it may be there"
)

_log: Final = logging.getLogger("klaviyo_bulk_events.queue")


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
        self._settings = settings
        self._lanes = lanes
        self._intake = intake
        self._backfill = backfill
        self._options = options
        self._backlog = backlog
        self._on_outcome = on_outcome
        self._clock = clock
        self._ticks = ticks
        self._closed = False
        self._all_settled = False
        self._make()
        forks.in_child(self._renew)
        exits.opened(self)

    def _make(self) -> None:
        self._lock = threading.Lock()
        encoder = Encoder(self._intake, self._backfill)
        self._planner = Planner(encoder, self._intake, keep_records=False)
        self._counts = Counts()
        self._telling = Telling(self._counts, self._on_outcome)
        self._thread: threading.Thread | None = None
        self._sender: Sender | None = None
        self._told_full = float("-inf")

    def _renew(self) -> None:
        self._backlog.renew()
        self._make()

    def put(self, event: Record) -> None:
        """Take an event as it is now; returns at once, unless the queue is full and blocks.

        One without a time gets the present one. An invalid one is `rejected`, and raises nothing.
        Raises QueueFullError if the queue is full and is to raise, SpoolError if the spool can't be
        written, ConfigurationError once the queue is closed.
        """
        taken = self.take(event)
        if taken is not None and not self.offer([taken]):
            self._full(taken)

    def take(self, event: Record) -> EncodedEvent | None:
        """Encode an event; None if it is rejected, which is told."""
        self.check_open()
        self.start()
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
            if self._sender is not None and self._thread is None:
                self._sender.turn()
            else:
                self._backlog.wait_for_room(_LOOK_FOR_ROOM)
            if self._closed:
                self.not_put()
            self.check_open()

    @property
    def is_spooled(self) -> bool:
        """Whether it has a spool."""
        return self._options.spooled

    @property
    def blocks(self) -> bool:
        """Whether a put waits for room."""
        return self._options.when_full is WhenFull.BLOCK

    def check_open(self) -> None:
        """Raises ConfigurationError once the queue is closed."""
        if self._closed:
            raise ConfigurationError("the queue is closed")

    def not_put(self) -> None:
        """An event was not taken after all, and its caller knows."""
        self._counts.not_put(1)

    def refuse(self, event: EncodedEvent) -> None:
        """Drop an event for which there is no room, or raise QueueFullError.

        Raises ConfigurationError if there is none because the queue was closed meanwhile.
        """
        if self._closed:
            self.not_put()
            self.check_open()
        if self._options.when_full is WhenFull.RAISE:
            self.not_put()
            raise QueueFullError(f"{self._options.max_events:,} events, or their bytes, wait")
        self._telling.dropped(outcome(event, Status.UNSENT, _FULL))
        now = self._ticks()
        if now - self._told_full >= EVERY:
            self._told_full = now
            dropped = self._counts.stats(None, 0.0).dropped
            _log.warning("the queue is full: %d events were dropped so far", dropped)

    def start(self) -> None:
        """Start the sender, as the first `put` does: it goes on with what waits in a spool."""
        if self._sender is None:
            with self._lock:
                if self._sender is None:
                    self._start()

    def _start(self) -> None:
        sender = self._make_sender()
        thread = threading.Thread(target=sender.run, name="klaviyo-queue", daemon=True)
        # When the interpreter ends no thread can start: then whoever waits sends.
        with contextlib.suppress(RuntimeError):
            thread.start()
            self._thread = thread
        self._sender = sender
        exits.started_in_child(self.close_at_exit)

    def _make_sender(self) -> Sender:
        options = self._options
        behind = Behind(self._backlog, options.max_age, self._clock, self._ticks)

        def hear(notice: Notice) -> None:
            if isinstance(notice, Answered):
                return
            # It waits, maybe for long; a fault must not end the delivery.
            with contextlib.suppress(SpoolError):
                behind.look()
                self._backlog.tidy()

        return Sender(
            self._backlog,
            Cutter(options.batch_events, options.batch_bytes, self._intake.window),
            Carrier(self._settings, self._lanes, hear),
            self._telling,
            options,
            behind,
            self._clock,
            self._ticks,
        )

    def flush(self, timeout: float | None = None) -> bool:
        """Send now what was put before; whether all of it is settled, within so many seconds.

        None waits for ever. From `on_outcome` it does not wait.
        """
        until = self._backlog.last()
        if until:
            self.start()
        sender = self._sender
        if sender is None or threading.current_thread() is self._thread:
            return not self._backlog.holds(until)
        sender.hurry(until)
        end = float("inf") if timeout is None else self._ticks() + timeout
        return self._wait_until_settled(sender, until, end)

    def _wait_until_settled(self, sender: Sender, until: int, end: float) -> bool:
        # What is gone from the backlog may still have to be told.
        while self._backlog.holds(until) or sender.is_telling:
            if self._ticks() >= end:
                return False
            if self._thread is None:
                sender.turn()
            else:
                time.sleep(_POLL)
        return True

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
        with self._lock:
            was_closed, self._closed = self._closed, True
        if not was_closed:
            seconds = self._options.exit_timeout if timeout is None else timeout
            try:
                # Who never used it has nothing to wait for, whatever others left in a spool.
                self._all_settled = self._sender is None or self.flush(seconds)
            finally:
                self._end()
        return self._all_settled

    def close_at_exit(self) -> None:
        """Close when the interpreter ends."""
        self.close()

    def _end(self) -> None:
        sender, thread = self._sender, self._thread
        if sender is not None:
            if self._all_settled:
                sender.stop()
            else:
                sender.cut()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_BREAK_OFF)
        try:
            if not self._options.spooled:  # another thread may have been putting meanwhile
                self._backlog.close()
                self._all_settled = self._all_settled and not self._backlog.last()
            if not self._all_settled:
                self._leave()
        finally:
            self._backlog.close()
            self._lanes.close()
            self._settings.limiter.close()
            exits.closed(self)

    def _leave(self) -> None:
        """Say what is left, and tell of what will be lost."""
        waiting, _ = self._backlog.standing()
        if self._options.spooled:
            _log.warning("%d events stay in the spool for the next process", waiting)
            return
        _log.warning("%d events were not sent, or not settled, in time", waiting)
        entries = self._backlog.first(waiting, None)
        unknown = [e.event for e in entries if e.number <= self._backlog.in_doubt]
        unsent = [e.event for e in entries if e.number > self._backlog.in_doubt]
        self._telling.events(unknown, Status.UNKNOWN, _NOT_SETTLED)
        self._telling.events(unsent, Status.UNSENT, _NOT_SENT)
        self._backlog.settled([entry.number for entry in entries], 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
