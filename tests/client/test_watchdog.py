"""What takes longer than it may is ended."""

import threading
import time

from klaviyo_bulk_events.watchdog import Watchdog


def test_each_at_its_time() -> None:
    """Everything is ended once, in its order, and not before its time."""
    watchdog = Watchdog()
    ended: list[tuple[float, float]] = []
    done = threading.Event()
    now = time.monotonic()
    for at in (0.05, 0.1, 0.1):
        watchdog.watch(now + at, lambda until: ended.append((until, time.monotonic())))
    watchdog.watch(now + 0.15, lambda until: done.set())
    assert done.wait(10)
    assert [until for until, _ in ended] == [now + 0.05, now + 0.1, now + 0.1]
    assert all(until <= at for until, at in ended)
    watchdog.stop()


def test_stopped_and_started() -> None:
    """Stopped, its thread ends; asked again, it watches again."""
    watchdog = Watchdog()
    before = threading.active_count()
    for _ in range(3):
        done = threading.Event()
        watchdog.watch(time.monotonic(), lambda until, done=done: done.set())  # type: ignore[misc]
        assert done.wait(10)
        watchdog.stop()
    end = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() == before
