"""Ends what takes longer than it may, whatever it waits for."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

End: TypeAlias = Callable[[float], None]


class Watchdog:
    """Calls what it was given once its time is over; one thread for all, that starts when needed.

    Times are on the monotonic clock, each no earlier than the one before it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[End, float] = {}
        self._runs = False
        self._sleeps = False
        self._stopped = False

    def watch(self, until: float, end: End) -> None:
        """Call `end` with `until` when it is that late, unless it is forgotten before."""
        with self._changed:
            self._stopped = False
            self._watched.pop(end, None)
            self._watched[end] = until
            if not self._runs:
                self._start()
            elif self._sleeps:
                self._changed.notify()

    def forget(self, end: End) -> None:
        """It ended by itself."""
        with self._changed:
            self._watched.pop(end, None)
            if self._stopped:
                self._changed.notify()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="klaviyo-watchdog", daemon=True)
        # When the interpreter ends no thread can start: what is sent then has httpx's limits alone.
        with contextlib.suppress(RuntimeError):
            thread.start()
            self._runs = True

    def stop(self) -> None:
        """End the thread once nothing is watched any more, until it is needed again."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopped and not self._watched:
                    self._runs = False
                    return
                first = next(iter(self._watched.items()), None)
                left = first[1] - time.monotonic() if first is not None else None
                if first is None or left is None or left > 0:
                    self._sleep(left)
                    continue
                end, until = first
                del self._watched[end]
            end(until)

    def _sleep(self, seconds: float | None) -> None:
        # What is watched next is over no earlier than what is first: the thread, which takes
        # longer to wake than all the rest of this, sleeps on unless there is no first.
        self._sleeps = seconds is None
        self._changed.wait(seconds)
        self._sleeps = False
