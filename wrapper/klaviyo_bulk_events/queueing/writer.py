"""Puts events into a spool from a thread of its own: whoever has an event loop must not wait."""

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Final, TypeAlias

from klaviyo_bulk_events import forks
from klaviyo_bulk_events.encoder import EncodedEvent

Done: TypeAlias = Callable[[bool | Exception], None]
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
        ends = False
        while not ends or self._goes_on():
            items, ended = self._given()
            ends = ends or ended
            if items:
                self._write(items)

    def _goes_on(self) -> bool:
        """Whether more was given after the end; if not, whoever gives more starts a thread."""
        with self._lock:
            self._runs = not self._items.empty()
            return self._runs

    def _given(self) -> tuple[list[_Item], bool]:
        """As much as there is, at least one, and whether it is the end."""
        items: list[_Item] = []
        item = self._items.get()
        while item is not None:
            items.append(item)
            if len(items) == _AT_ONCE or self._items.empty():
                return items, False
            item = self._items.get()  # nobody else takes from it
        return items, True

    def _write(self, items: Sequence[_Item]) -> None:
        try:
            taken = self._offer([event for event, _ in items])
        except Exception as error:  # each waits for an answer, whatever it is
            for _, done in items:
                done(error)
        else:
            for at, (_, done) in enumerate(items):
                done(at < taken)
