"""The places of an account: leave to send one request each, in this process or shared by many."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from klaviyo_bulk_events.answers import Allowance
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.window_log import WindowLog


class Places(Protocol):
    """Where the places of an account are kept.

    A place is known by its seat, a name that no other request has. What can't be reached raises
    LimiterError: then nothing was granted, or what was granted is held until its lease ends.
    """

    @property
    def waits(self) -> bool:
        """Whether calls wait for a disk or a network, and so don't belong into an event loop."""

    @property
    def heartbeat(self) -> float:
        """Seconds within which who waits has to ask again, not to be taken for dead."""

    def ask(self, seat: str) -> float:
        """0.0: the place is taken. Else the seconds until it is worth asking again."""

    def leave(self, seat: str) -> None:
        """Wait no longer."""

    def answered(self, seat: str, allowance: Allowance | None) -> None:
        """The complete answer is here: the place frees a window from now.

        `allowance` is what the answer says of the limits: it may show that others use them, too.
        """

    def unused(self, seat: str) -> None:
        """Nothing was written to the wire: the place is free at once."""

    def pause(self, seconds: float) -> None:
        """Grant nothing to anybody for so long; never shortens a pause that is on."""

    def attach(self, log: "PlaceLog") -> None:
        """Take over the places that a log remembers, and tell it of every one from now on."""

    def detach(self, log: "PlaceLog") -> None:
        """Tell the log no more."""

    def close(self) -> None:
        """Let go of files and connections; what is held stays held."""

    def after_fork(self) -> None:
        """In a child now: let go of what the parent's other threads may hold."""


class PlaceLog(Protocol):
    """Remembers the places of a process beyond its life. Told under the places' lock."""

    def resume(self, log: WindowLog, now: float) -> None:
        """Put into the log what was held before."""

    def granted(self, log: WindowLog, now: float) -> None:
        """A place was taken, or a pause set, that must not be forgotten."""

    def freed(self, log: WindowLog, now: float) -> None:
        """A place ends earlier than it was to."""


class _Held(NamedTuple):
    granted: float
    end: float


class MemoryPlaces:
    """The places of an account of which this process is the only user."""

    waits = False
    heartbeat = float("inf")

    def __init__(
        self, rates: Iterable[Rate], lease: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = WindowLog(rates, lease)
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()
        self._logs: list[PlaceLog] = []

    def ask(self, seat: str) -> float:
        """See `Places`."""
        with self._lock:
            now = self._clock()
            wait = self._log.wait(now)
            if wait == 0.0:
                self._held[seat] = _Held(now, self._log.grant(now))
                self._tell_granted(now)
        return wait

    def leave(self, seat: str) -> None:
        """Who waits is in the line of this process only."""

    def answered(self, seat: str, allowance: Allowance | None) -> None:
        """See `Places`."""
        with self._lock:
            now = self._clock()
            held = self._held.pop(seat)
            self._log.answered(held.end, now)
            if allowance is not None:
                self._log.count_others(self._log.missing(allowance, held.granted), now)
            self._tell_freed(now)

    def unused(self, seat: str) -> None:
        """See `Places`."""
        with self._lock:
            self._log.unused(self._held.pop(seat).end)
            self._tell_freed(self._clock())

    def pause(self, seconds: float) -> None:
        """See `Places`."""
        with self._lock:
            now = self._clock()
            self._log.pause(now, seconds)
            self._tell_granted(now)

    def attach(self, log: PlaceLog) -> None:
        """See `Places`."""
        with self._lock:
            log.resume(self._log, self._clock())
            self._logs.append(log)

    def detach(self, log: PlaceLog) -> None:
        """See `Places`."""
        with self._lock:
            self._logs.remove(log)

    def close(self) -> None:
        """There is nothing to let go of."""

    def after_fork(self) -> None:
        """Parent and child have the log by halves from here on: each counts what was before."""
        self._lock = threading.Lock()
        self._logs = []

    def _tell_granted(self, now: float) -> None:
        for log in self._logs:
            log.granted(self._log, now)

    def _tell_freed(self, now: float) -> None:
        for log in self._logs:
            log.freed(self._log, now)
