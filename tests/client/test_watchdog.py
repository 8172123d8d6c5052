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


def test_what_ended_by_itself_is_left_alone() -> None:
    """And what is watched after it is ended at its time."""
    watchdog = Watchdog()
    ended: list[float] = []
    done = threading.Event()
    watchdog.watch(time.monotonic() + 0.05, ended.append)
    watchdog.forget(ended.append)
    watchdog.watch(time.monotonic() + 0.1, lambda until: done.set())
    assert done.wait(10)
    watchdog.stop()
    assert ended == []


def test_what_is_watched_when_it_is_stopped_is_ended_still() -> None:
    """Whoever closes a client ends no other thread's watch."""
    watchdog = Watchdog()
    done = threading.Event()
    watchdog.watch(time.monotonic() + 0.2, lambda until: done.set())
    watchdog.stop()
    assert done.wait(10)
