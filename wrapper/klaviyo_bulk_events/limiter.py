"""The limiter of one account: whoever wants to send stands in line for a place."""

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple
from uuid import uuid4

from attrs import define

from klaviyo_bulk_events import forks
from klaviyo_bulk_events.answers import Allowance
from klaviyo_bulk_events.errors import LimiterError
from klaviyo_bulk_events.places import PlaceLog, Places

UNUSED_AFTER: Final = 1.0
"""Seconds after which a place that was granted but not used must be given back."""
RETRY_AFTER: Final = 1.0
"""Seconds until places that could not be reached are asked again."""

_FORGOTTEN_AFTER: Final = 60.0

_log = logging.getLogger("klaviyo_bulk_events")


@define(eq=False)
class Ticket:
    """A place in the line. `wake` is called, from any thread, when it is worth asking again."""

    seat: str
    wake: Callable[[], None]


class _Away(NamedTuple):
    """The places can't be reached since then; they are asked again at `next_try`."""

    since: float
    next_try: float
    error: LimiterError


@define(eq=False)
class Place:
    """Leave to send one request, good for `UNUSED_AFTER` seconds after `granted`."""

    seat: str
    granted: float


class Limiter:
    """First come, first served, for threads and event loops alike.

    `patience` is for how many seconds it waits for places that can't be reached, sending nothing
    meanwhile, before `ask` raises LimiterError. A process that is forked off has a line of its own.
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
        forks.in_child(self._renew)

    def _begin(self) -> None:
        self._line: deque[Ticket] = deque()
        self._lock = threading.Lock()
        self._seats = (f"{name}-{n}" for name in [uuid4().hex] for n in itertools.count())
        self._away: _Away | None = None
        self._untold: deque[Callable[[], None]] = deque()

    def _renew(self) -> None:
        self._places.after_fork()
        self._begin()

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
        """Let go of what keeps the places, once it knows all that there is to tell."""
        with suppress(LimiterError):
            self._catch_up()
        self._places.close()

    @property
    def trouble(self) -> str | None:
        """Why the places can't be reached, as long as they can't."""
        away = self._away
        return None if away is None else str(away.error)

    def join(self, wake: Callable[[], None]) -> Ticket:
        """Stand in line."""
        with self._lock:
            ticket = Ticket(next(self._seats), wake)
            self._line.append(ticket)
        return ticket

    def ask(self, ticket: Ticket) -> Place | float | None:
        """A place, or the seconds to wait for one, or None: others are first, wait to be woken."""
        if not self._is_first(ticket):
            return None
        if self._away is not None and (wait := self._away.next_try - self._clock()) > 0:
            return wait
        try:
            self._catch_up()
            wait = self._places.ask(ticket.seat)
        except LimiterError as error:
            return self._wait_for_places(error)
        self._away = None
        if wait > 0:
            return wait
        place = Place(ticket.seat, self._clock())
        if self._remove(ticket):
            return place
        self.unused(place)  # it left the line meanwhile
        return None

    def is_in_line(self, ticket: Ticket) -> bool:
        """Whether it has neither left nor been granted a place."""
        with self._lock:
            return ticket in self._line

    def leave(self, ticket: Ticket) -> None:
        """Give up standing in line; who was granted a place has left already."""
        was_first = self._is_first(ticket)
        if self._remove(ticket) and was_first and self._away is None:
            with suppress(LimiterError):  # a seat that nobody asks for is given up by itself
                self._places.leave(ticket.seat)

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
        if self._away is not None:
            self._untold.append(news)
            return
        try:
            news()
        except LimiterError as error:
            self._untold.append(news)
            self._note(error)

    def _catch_up(self) -> None:
        while self._untold:
            news = self._untold.popleft()
            try:
                news()
            except LimiterError:
                self._untold.appendleft(news)
                raise

    def _note(self, error: LimiterError) -> None:
        now, before = self._clock(), self._away
        # What nobody asked after for long is another time that it is away.
        goes_on = before is not None and now - before.next_try < _FORGOTTEN_AFTER
        if before is None or not goes_on:
            _log.warning("nothing is sent as long as this lasts: %s", error)
        since = before.since if before is not None and goes_on else now
        self._away = _Away(since, now + RETRY_AFTER, error)

    def _wait_for_places(self, error: LimiterError) -> float:
        self._note(error)
        away = self._away
        if error.is_final or (away and self._clock() - away.since > self._patience):
            self._away = None  # who asks next begins to wait anew
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
