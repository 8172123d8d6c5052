"""The limiter of one account: whoever wants to send stands in line for a place."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from attrs import define

from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.window_log import WindowLog

UNUSED_AFTER: Final = 1.0
"""Seconds after which a place that was granted but not used must be given back."""


@define(eq=False)
class Ticket:
    """A place in the line. `wake` is called, from any thread, when it is worth asking again."""

    wake: Callable[[], None]


@define(eq=False)
class Place:
    """Leave to send one request, good for `UNUSED_AFTER` seconds after `granted`."""

    granted: float
    end: float


class PlaceLog(Protocol):
    """Remembers the places of a limiter beyond its life. Told under the limiter's lock."""

    def resume(self, log: WindowLog, now: float) -> None:
        """Put into the log what was held before."""

    def granted(self, log: WindowLog, now: float) -> None:
        """A place was taken, or a pause set, that must not be forgotten."""

    def freed(self, log: WindowLog, now: float) -> None:
        """A place ends earlier than it was to."""


class Limiter:
    """First come, first served, for threads and event loops alike.

    `lease` is how long a request without an answer holds its place, in seconds: longer than any
    attempt may take.
    """

    def __init__(
        self, rates: Iterable[Rate], lease: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = WindowLog(rates, lease)
        self._clock = clock
        self._line: deque[Ticket] = deque()
        self._lock = threading.Lock()
        self._logs: list[PlaceLog] = []

    def attach(self, log: PlaceLog) -> None:
        """Take over the places that a log remembers, and tell it of every one from now on."""
        with self._lock:
            log.resume(self._log, self._clock())
            self._logs.append(log)

    def detach(self, log: PlaceLog) -> None:
        """Tell the log no more."""
        with self._lock:
            self._logs.remove(log)

    def join(self, wake: Callable[[], None]) -> Ticket:
        """Stand in line."""
        ticket = Ticket(wake)
        with self._lock:
            self._line.append(ticket)
        return ticket

    def ask(self, ticket: Ticket) -> Place | float | None:
        """A place, or the seconds to wait for one, or None: others are first, wait to be woken."""
        with self._lock:
            if self._line[0] is not ticket:
                return None
            now = self._clock()
            wait = self._log.wait(now)
            if wait > 0:
                return wait
            self._line.popleft()
            place = Place(now, self._log.grant(now))
            self._tell_granted(now)
            self._wake_first()
        return place

    def leave(self, ticket: Ticket) -> None:
        """Give up standing in line."""
        with self._lock:
            if ticket in self._line:
                self._line.remove(ticket)
                self._wake_first()

    def answered(self, place: Place) -> None:
        """The complete answer is here: the place frees one window from now."""
        with self._lock:
            self._log.answered(place.end, self._clock())
            self._tell_freed()
            self._wake_first()

    def unused(self, place: Place) -> None:
        """Nothing was written to the wire: the place is free at once."""
        with self._lock:
            self._log.unused(place.end)
            self._tell_freed()
            self._wake_first()

    def is_stale(self, place: Place) -> bool:
        """Whether the place was granted too long ago to send on it."""
        return self._clock() - place.granted > UNUSED_AFTER

    def pause(self, seconds: float) -> None:
        """Grant nothing to anybody for so long; never shortens a pause that is on."""
        with self._lock:
            now = self._clock()
            self._log.pause(now, seconds)
            self._tell_granted(now)
            self._wake_first()

    def _tell_granted(self, now: float) -> None:
        for log in self._logs:
            log.granted(self._log, now)

    def _tell_freed(self) -> None:
        for log in self._logs:
            log.freed(self._log, self._clock())

    def _wake_first(self) -> None:
        if self._line:
            self._line[0].wake()
