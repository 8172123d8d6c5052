"""Ends what takes longer than it may, whatever it waits for."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable


class Watchdog:
    """Calls what it was given once its time is over; one thread for all, that starts when needed.

    Times are on the monotonic clock, each no earlier than the one before it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: deque[tuple[float, Callable[[float], None]]] = deque()
        self._runs = False
        self._stopped = False

    def watch(self, until: float, end: Callable[[float], None]) -> None:
        """Call `end` with `until` when it is that late."""
        with self._changed:
            self._stopped = False
            self._watched.append((until, end))
            if not self._runs:
                self._start()
            elif len(self._watched) == 1:
                self._changed.notify()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="klaviyo-watchdog", daemon=True)
        # When the interpreter ends no thread can start: what is sent then has httpx's limits alone.
        with contextlib.suppress(RuntimeError):
            thread.start()
            self._runs = True

    def stop(self) -> None:
        """Watch no more, until asked again."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    self._runs = False
                    return
                left = self._watched[0][0] - time.monotonic() if self._watched else None
                if left is None or left > 0:
                    self._changed.wait(left)
                    continue
                until, end = self._watched.popleft()
            end(until)
