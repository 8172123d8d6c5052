"""The limiter of one account: whoever wants to send stands in line for a place."""

import itertools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from attrs import define

from klaviyo_bulk_events.answers import Allowance
from klaviyo_bulk_events.errors import LimiterError
from klaviyo_bulk_events.places import PlaceLog, Places

UNUSED_AFTER: Final = 1.0
"""Seconds after which a place that was granted but not used must be given back."""
RETRY_AFTER: Final = 1.0
"""Seconds until places that could not be reached are asked again."""

_log = logging.getLogger("klaviyo_bulk_events")


@define(eq=False)
class Ticket:
    """A place in the line. `wake` is called, from any thread, when it is worth asking again."""

    seat: str
    wake: Callable[[], None]


@define(eq=False)
class Place:
    """Leave to send one request, good for `UNUSED_AFTER` seconds after `granted`."""

    seat: str
    granted: float


class Limiter:
    """First come, first served, for threads and event loops alike.

    `patience` is for how many seconds it waits for places that can't be reached, sending nothing
    meanwhile, before `ask` raises LimiterError.
    """

    def __init__(
        self,
        places: Places,
        clock: Callable[[], float] = time.monotonic,
        patience: float = float("inf"),
    ) -> None:
        self._places = places
        self._clock = clock
        self._patience = patience
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._line: deque[Ticket] = deque()
        self._lock = threading.Lock()
        self._seats = (f"{name}-{n}" for name in [uuid4().hex] for n in itertools.count())
        self._unreachable_since: float | None = None
        self._untold: deque[Callable[[], None]] = deque()

    @property
    def waits(self) -> bool:
        """Whether its calls wait for a disk or a network: then an event loop must not make them."""
        return self._places.waits

    @property
    def heartbeat(self) -> float:
        """Seconds within which the first in line has to ask again."""
        return self._places.heartbeat

    def attach(self, log: PlaceLog) -> None:
        """Take over the places that a log remembers, and tell it of every one from now on."""
        self._places.attach(log)

    def detach(self, log: PlaceLog) -> None:
        """Tell the log no more."""
        self._places.detach(log)

    def close(self) -> None:
        """Let go of what keeps the places."""
        self._places.close()

    def join(self, wake: Callable[[], None]) -> Ticket:
        """Stand in line."""
        if os.getpid() != self._process:  # a child has a line of its own
            self._places.after_fork()
            self._begin()
        with self._lock:
            ticket = Ticket(next(self._seats), wake)
            self._line.append(ticket)
        return ticket

    def ask(self, ticket: Ticket) -> Place | float | None:
        """A place, or the seconds to wait for one, or None: others are first, wait to be woken."""
        if not self._is_first(ticket):
            return None
        granted = self._clock()
        try:
            self._catch_up()
            wait = self._places.ask(ticket.seat)
        except LimiterError as error:
            return self._wait_for_places(error, granted)
        self._unreachable_since = None
        if wait > 0:
            return wait
        place = Place(ticket.seat, granted)
        if self._remove(ticket):
            return place
        self.unused(place)  # it left the line meanwhile
        return None

    def leave(self, ticket: Ticket) -> None:
        """Give up standing in line; who was granted a place has left already."""
        was_first = self._is_first(ticket)
        if self._remove(ticket) and was_first:
            self._tell(lambda: self._places.leave(ticket.seat))

    def answered(self, place: Place, allowance: Allowance | None = None) -> None:
        """The complete answer is here: the place frees one window from now."""
        self._tell(lambda: self._places.answered(place.seat, allowance))
        self._wake_first()

    def unused(self, place: Place) -> None:
        """Nothing was written to the wire: the place is free at once."""
        self._tell(lambda: self._places.unused(place.seat))
        self._wake_first()

    def is_stale(self, place: Place) -> bool:
        """Whether the place was granted too long ago to send on it."""
        return self._clock() - place.granted > UNUSED_AFTER

    def pause(self, seconds: float) -> None:
        """Grant nothing to anybody for so long; never shortens a pause that is on."""
        until = self._clock() + seconds
        self._tell(lambda: self._places.pause(until - self._clock()))
        self._wake_first()

    def _tell(self, news: Callable[[], None]) -> None:
        """Tell the places what is new; what can't reach them is told before they are asked."""
        try:
            news()
        except LimiterError:
            self._untold.append(news)

    def _catch_up(self) -> None:
        while self._untold:
            news = self._untold.popleft()
            try:
                news()
            except LimiterError:
                self._untold.appendleft(news)
                raise

    def _wait_for_places(self, error: LimiterError, now: float) -> float:
        if self._unreachable_since is None:
            self._unreachable_since = now
            _log.warning("nothing is sent as long as this lasts: %s", error)
        if now - self._unreachable_since > self._patience:
            raise error
        return RETRY_AFTER

    def _is_first(self, ticket: Ticket) -> bool:
        with self._lock:
            return bool(self._line) and self._line[0] is ticket

    def _remove(self, ticket: Ticket) -> bool:
        with self._lock:
            if ticket not in self._line:
                return False
            self._line.remove(ticket)
        self._wake_first()
        return True

    def _wake_first(self) -> None:
        with self._lock:
            if self._line:
                self._line[0].wake()
