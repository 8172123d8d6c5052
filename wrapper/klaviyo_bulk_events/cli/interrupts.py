"""Ctrl-C and SIGTERM: the first ends the run in order, the second at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeVar

_T = TypeVar("_T")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class _StopReadingError(Exception):
    """Ends a read that may never end by itself, of a pipe."""


class Interrupts:
    """Knows whether the run was interrupted, and by which signal.

    `say` is told of it.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.by: int | None = None
        self._say = say
        self._reading = False

    @property
    def exit_code(self) -> int | None:
        """What a shell expects of a process that this signal ended: 130 or 143."""
        return None if self.by is None else 128 + self.by

    def reading(self, records: Iterable[_T]) -> Iterator[_T]:
        """The records, until the run is interrupted."""
        following = iter(records)
        while self.by is None:
            try:
                self._reading = True
                record = next(following)
            except (StopIteration, _StopReadingError):
                return
            finally:
                self._reading = False
            if self.by is None:  # an interrupted read may end in a fault of its own
                yield record

    @contextmanager
    def calling(self, stop: Callable[[], None]) -> Iterator[None]:
        """Call `stop` at the first signal."""

        def handle(number: int, frame: FrameType | None) -> None:
            if self.by is not None:
                os._exit(128 + number)
            self.by = number
            # The thread that a handler interrupts may hold the locks that stopping takes.
            threading.Thread(target=self._stop, args=[stop]).start()
            if self._reading:
                raise _StopReadingError

        before = {number: signal.signal(number, handle) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, stop: Callable[[], None]) -> None:
        stop()
        self._say("Stopping: what is under way is settled first. Again to stop at once.")
