"""Ctrl-C and SIGTERM: the first ends the run in order and in time, the second at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeVar

from klaviyo_bulk_events.errors import ConfigurationError

_T = TypeVar("_T")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_UNWINDING: Final = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
]
"""Signals that end a process at once, where Python doesn't see to it."""


class _StopReadingError(Exception):
    """Ends a read that may never end by itself, of a pipe."""


@contextmanager
def unwinding() -> Iterator[None]:
    """While it lasts, a signal that ends the process lets it clean up first, as Ctrl-C does."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    ending = [number for number in _UNWINDING if signal.getsignal(number) == signal.SIG_DFL]
    for number in ending:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)


class Interrupts:
    """Knows whether the run was interrupted, and by which signal.

    What is under way then has `grace` seconds. `say` is told of it. Raises ConfigurationError for
    seconds that no clock can count.
    """

    def __init__(self, say: Callable[[str], None], grace: float) -> None:
        if not 0 <= grace <= threading.TIMEOUT_MAX:
            raise ConfigurationError(f"grace must be seconds from 0 on, not {grace!r}")
        self._grace = grace
        self.by: int | None = None
        self._say = say
        self._reading = False
        self._stop: Callable[[], None] | None = None

    @property
    def exit_code(self) -> int | None:
        """What a shell expects of a process that this signal ended: 130 or 143."""
        return None if self.by is None else 128 + self.by

    @property
    def why(self) -> str | None:
        """Why the run ended, if it was interrupted."""
        return None if self.by is None else f"interrupted by {signal.Signals(self.by).name}"

    def reading(self, records: Iterable[_T]) -> Iterator[_T]:
        """The records, until the run is interrupted."""
        following = iter(records)
        while self.by is None:
            try:
                self._reading = True
                record = next(following)
            except (StopIteration, _StopReadingError):
                break
            finally:
                self._reading = False
            if self.by is None:  # an interrupted read may end in a fault of its own
                yield record
        if self.by is not None and self._stop is not None:
            self._stop()  # before the end of the records can be taken for the source's own

    @contextmanager
    def calling(self, stop: Callable[[], None], abandon: Callable[[], None]) -> Iterator[None]:
        """Call `stop` at the first signal, and `abandon` if that was not enough."""
        self._stop = stop
        timer = threading.Timer(self._grace, abandon)
        timer.daemon = True

        def handle(number: int, frame: FrameType | None) -> None:
            if self.by is not None:
                os._exit(128 + number)
            self.by = number
            # The thread that a handler interrupts may hold the locks that stopping takes.
            threading.Thread(target=self._end, args=[stop]).start()
            timer.start()
            if self._reading:
                raise _StopReadingError

        before = {number: signal.signal(number, handle) for number in _SIGNALS}
        try:
            yield
        finally:
            timer.cancel()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, stop: Callable[[], None]) -> None:
        stop()
        self._say("Stopping: what is under way is settled first. Again to stop at once.")
