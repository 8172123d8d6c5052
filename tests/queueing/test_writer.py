"""The thread that writes for an event loop answers everybody, whatever comes between."""

import threading
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any, cast

from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.queueing.writer import Writer


class Slow:
    """Takes events once it is let to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.let = threading.Event()

    def offer(self, events: Sequence[EncodedEvent]) -> int:
        self.asked.set()
        assert self.let.wait(10)
        if "broken" in cast("Sequence[Any]", events):
            raise ZeroDivisionError
        return len(events)


def write(writer: Writer, event: Any, told: "SimpleQueue[Any]") -> None:
    writer.write(event, told.put)


def test_what_comes_after_the_end() -> None:
    """Given while the thread writes its last, it is written, too, and so is what comes later."""
    told: SimpleQueue[Any] = SimpleQueue()
    slow = Slow()
    writer = Writer(slow.offer)
    write(writer, "first", told)
    assert slow.asked.wait(10)
    writer.stop()
    write(writer, "second", told)
    slow.let.set()
    assert [told.get(timeout=10) for _ in range(2)] == [True, True]
    write(writer, "third", told)
    assert told.get(timeout=10) is True
    writer.stop()


def test_whatever_is_raised() -> None:
    """Whoever waits is told, and the thread goes on."""
    told: SimpleQueue[Any] = SimpleQueue()
    slow = Slow()
    slow.let.set()
    writer = Writer(slow.offer)
    write(writer, "broken", told)
    assert isinstance(told.get(timeout=10), ZeroDivisionError)
    write(writer, "whole", told)
    assert told.get(timeout=10) is True
    writer.stop()


def test_more_than_fits_into_one_go() -> None:
    """Everybody is answered, whether the end comes with the last or not."""
    told: SimpleQueue[Any] = SimpleQueue()
    slow = Slow()
    writer = Writer(slow.offer)
    for number in range(1_000):
        write(writer, number, told)
    writer.stop()
    slow.let.set()
    assert all(told.get(timeout=10) is True for _ in range(1_000))
