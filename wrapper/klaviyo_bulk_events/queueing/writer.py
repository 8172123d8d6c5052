"""Puts events into a spool from a thread of its own: whoever has an event loop must not wait."""

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from klaviyo_bulk_events import forks
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.errors import SpoolError

Done: TypeAlias = Callable[[bool | SpoolError], None]
"""Told whether the event was taken, or why that failed."""
_Item: TypeAlias = tuple[EncodedEvent, Done]

_AT_ONCE: Final = 200
"""Events in one transaction: many share the cost of one."""


class Writer:
    """Writes what it is given in its order, as much as there is in one go."""

    def __init__(self, offer: Callable[[Sequence[EncodedEvent]], int]) -> None:
        self._offer = offer
        self._make()
        forks.in_child(self._make)

    def _make(self) -> None:
        self._items: SimpleQueue[_Item | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._runs = False

    def write(self, event: EncodedEvent, done: Done) -> None:
        """Write an event soon; `done` is called from the thread that did."""
        self._items.put((event, done))
        with self._lock:
            if not self._runs:
                threading.Thread(target=self._run, name="klaviyo-spool", daemon=True).start()
                self._runs = True

    def stop(self) -> None:
        """End the thread once it has written what it was given before."""
        self._items.put(None)

    def _run(self) -> None:
        while (item := self._items.get()) is not None:
            items = [item]
            ends = False
            while len(items) < _AT_ONCE and not ends:
                try:
                    more = self._items.get_nowait()
                except Empty:
                    break
                ends = more is None
                items += [more] if more is not None else []
            self._write(items)
            if ends:
                break
        with self._lock:
            self._runs = False

    def _write(self, items: Sequence[_Item]) -> None:
        try:
            taken = self._offer([event for event, _ in items])
        except SpoolError as error:
            for _, done in items:
                done(error)
        else:
            for at, (_, done) in enumerate(items):
                done(at < taken)
