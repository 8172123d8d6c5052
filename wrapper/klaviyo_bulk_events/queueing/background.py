"""What a queue does in the background: send what waits, until it is closed."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from klaviyo_bulk_events.errors import SpoolError
from klaviyo_bulk_events.lanes import Lanes
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.queueing import exits
from klaviyo_bulk_events.queueing.backlog import Backlog
from klaviyo_bulk_events.queueing.behind import Behind
from klaviyo_bulk_events.queueing.carrying import Carrier
from klaviyo_bulk_events.queueing.cutting import Cutter
from klaviyo_bulk_events.queueing.options import Options
from klaviyo_bulk_events.queueing.sender import Sender
from klaviyo_bulk_events.queueing.telling import Telling
from klaviyo_bulk_events.settings import Settings
from klaviyo_bulk_events.steps import Answered, Notice

_POLL: Final = 0.01
_BREAK_OFF: Final = 2.0
"""Seconds in which a sender ends once its connections are shut."""
_NOT_SENT: Final = Problem("", "not_sent", "the queue was closed before it was sent")
_NOT_SETTLED: Final = Problem(
    "", "no_answer", "the queue was closed before an answer settled it; it may be there"
)

_log: Final = logging.getLogger("klaviyo_bulk_events.queue")


class Background:
    """A sender and its thread. Where no thread can start, whoever waits sends.

    `window` is that of the intake. `at_exit` is called at the end of a process of multiprocessing.
    `clock` tells Unix time, `ticks` is monotonic.
    """

    def __init__(
        self,
        settings: Settings,
        lanes: Lanes,
        window: int,
        options: Options,
        backlog: Backlog,
        telling: Telling,
        at_exit: Callable[[], object],
        clock: Callable[[], float],
        ticks: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._lanes = lanes
        self._window = window
        self._options = options
        self._backlog = backlog
        self._at_exit = at_exit
        self._clock = clock
        self._ticks = ticks
        self._all_settled = False
        self.is_closed = False
        self.renew(telling)

    def renew(self, telling: Telling) -> None:
        """Begin anew in a child process, where the thread is gone; what is closed stays so."""
        self._lock = threading.Lock()
        self._telling = telling
        self._thread: threading.Thread | None = None
        self._sender: Sender | None = None

    def start(self) -> None:
        """Start the sender unless that was done before."""
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
        exits.started_in_child(self._at_exit)

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
            Cutter(options.batch_events, options.batch_bytes, self._window),
            Carrier(self._settings, self._lanes, hear),
            self._telling,
            options,
            behind,
            self._clock,
            self._ticks,
        )

    def wait_for_room(self, seconds: float) -> None:
        """Return when there may be room in the backlog, or after so many seconds."""
        if self._sender is not None and self._thread is None:
            self._sender.turn()
        else:
            self._backlog.wait_for_room(seconds)

    def flush(self, timeout: float | None) -> bool:
        """Send now what waits; whether all of it is settled, within so many seconds.

        None waits for ever. From the sender's thread it does not wait.
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

    def close(self, timeout: float | None) -> bool:
        """Send what waits, and nothing more; whether all is settled within so many seconds."""
        with self._lock:
            was_closed, self.is_closed = self.is_closed, True
        if not was_closed:
            seconds = self._options.exit_timeout if timeout is None else timeout
            try:
                # Who never used it has nothing to wait for, whatever others left in a spool.
                self._all_settled = self._sender is None or self.flush(seconds)
            finally:
                self._end()
        return self._all_settled

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

    def _leave(self) -> None:
        """Say what is left, and tell of what will be lost."""
        waiting, _ = self._backlog.standing()
        if self._options.spooled:
            _log.warning("%d events stay in the spool for the next process", waiting)
            return
        _log.warning("%d events were not sent, or not settled, in time", waiting)
        if self._sender is not None:
            self._sender.abandon()
        entries = self._backlog.first(waiting, None)
        unknown = [e.event for e in entries if e.number <= self._backlog.in_doubt]
        unsent = [e.event for e in entries if e.number > self._backlog.in_doubt]
        self._telling.events(unknown, Status.UNKNOWN, _NOT_SETTLED)
        self._telling.events(unsent, Status.UNSENT, _NOT_SENT)
        self._backlog.settled([entry.number for entry in entries], 0)
