"""Events that wait in memory."""

import threading
from collections import deque
from collections.abc import Collection, Sequence
from itertools import islice

from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.queueing.backlog import Entry, Front
from klaviyo_bulk_events.queueing.options import Options


class MemoryBacklog:
    """A line in memory, bounded in events and in bytes."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.renew()

    def renew(self) -> None:
        """Begin empty: what the parent had is still the parent's, and sent by it."""
        self.in_doubt = 0
        self._lock = threading.Lock()
        self._more = threading.Event()
        self._room = threading.Condition(self._lock)
        self._line: deque[Entry] = deque()
        self._bytes = 0
        self._number = 0
        self._closed = False

    def put(self, events: Sequence[EncodedEvent], arrived: float) -> int:
        """Take these, or as many as there is room for."""
        with self._lock:
            for taken, event in enumerate(events):
                if not self._take(event, arrived):
                    return taken
        return len(events)

    def _take(self, event: EncodedEvent, arrived: float) -> bool:
        options, size, line = self._options, _size(event), self._line
        if self._closed:
            return False
        # One that is larger than all that may wait gets in where nothing waits.
        too_many = line and self._bytes + size > options.max_bytes
        if len(line) >= options.max_events or too_many:
            return False
        self._number += 1
        line.append(Entry(self._number, arrived, event))
        before, self._bytes = self._bytes, self._bytes + size
        # Waking a thread for each event would cost more than the event.
        filled = before < options.batch_bytes <= self._bytes
        if len(line) == 1 or len(line) == options.batch_events or filled:
            self._more.set()
        return True

    def wait_for_room(self, seconds: float) -> None:
        """Return when there may be room, or after so many seconds."""
        with self._room:
            self._room.wait(seconds)

    def lead(self) -> bool:
        """Nobody else could."""
        return True

    def front(self, most: int) -> Front | None:
        """What stands first."""
        with self._lock:
            if not self._line:
                return None
            oldest = self._line[0]
            return Front(min(len(self._line), most), self._bytes, oldest.number, oldest.arrived)

    def first(self, most: int, until: int | None) -> list[Entry]:
        """The first events."""
        with self._lock:
            entries = list(islice(self._line, most))
        return [entry for entry in entries if until is None or entry.number <= until]

    def sending(self, numbers: Collection[int], dropped: Collection[int]) -> bool:
        """Nobody else takes events out."""
        self._take_out(dropped)
        self.in_doubt = max(self.in_doubt, *numbers, 0)
        return True

    def settled(self, numbers: Collection[int], in_doubt: int) -> None:
        """Take these out."""
        self._take_out(numbers)
        self.in_doubt = in_doubt

    def _take_out(self, numbers: Collection[int]) -> None:
        missing, kept = set(numbers), []
        with self._lock:
            while missing and self._line:
                entry = self._line.popleft()
                if entry.number in missing:
                    missing.discard(entry.number)
                    self._bytes -= _size(entry.event)
                else:
                    kept.append(entry)
            self._line.extendleft(reversed(kept))
            self._room.notify_all()

    def last(self) -> int:
        """The number of the event that was put last."""
        with self._lock:
            return self._line[-1].number if self._line else 0

    def holds(self, until: int) -> bool:
        """Whether an event up to this number still waits."""
        with self._lock:
            return bool(self._line) and self._line[0].number <= until

    def standing(self) -> tuple[int, float | None]:
        """How many events wait, and when the oldest arrived."""
        with self._lock:
            return len(self._line), self._line[0].arrived if self._line else None

    def wait(self, seconds: float) -> None:
        """Return when there may be more to send, or after so many seconds."""
        self._more.wait(min(seconds, threading.TIMEOUT_MAX))
        self._more.clear()

    def tidy(self) -> None:
        """Nothing is to be done."""

    def wake(self) -> None:
        """Let whoever waits look again."""
        self._more.set()
        with self._room:
            self._room.notify_all()

    def close(self) -> None:
        """Take no more: nobody would send it, or tell of it."""
        with self._lock:
            self._closed = True


def _size(event: EncodedEvent) -> int:
    return len(event.opening) + len(event.data)
