"""What a queue's `put` takes, and what memory a spool does.

The endpoint is away meanwhile: what is measured is what a caller waits for.
"""

import argparse
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks import forms, shop, sink
from klaviyo_bulk_events import Event, EventQueue, KlaviyoBulkEvents
from klaviyo_bulk_events.queueing.files import Leadership

_AT_ONCE = 1_000
_CUSTOMERS = 250
_NOWHERE = "http://127.0.0.1:9"
_MEGABYTE = 1_000_000
_MICROSECOND = 1e-6


def main() -> None:
    """Print microseconds for each put, and the memory of a process beside a large spool."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    quick = parser.parse_args().quick
    count, many = (1_000, 3_000) if quick else (50_000, 1_000_000)
    _spooled(many)
    print(f"put into a queue, {count:,} events of shop rows, while nothing can be sent")
    with tempfile.TemporaryDirectory() as folder:
        _show("in memory", [_alone(count, None)])
        _show("into a spool", [_alone(count, str(Path(folder, "one.db")))])
        _show("into a spool, 2 processes", _together(count, str(Path(folder, "two.db"))))
    print()


def _show(name: str, processes: list[list[float]]) -> None:
    for seconds in processes:
        cuts = statistics.quantiles(seconds, n=100)
        print(
            f"  {name:<26} {len(seconds) / sum(seconds):>9,.0f} a second; microseconds: median "
            f"{cuts[49] / _MICROSECOND:.1f}, 99 % below {cuts[98] / _MICROSECOND:.1f}, "
            f"most {max(seconds) / _MICROSECOND:,.0f}",
            flush=True,
        )


def _alone(count: int, spool: str | None, start: int = 0) -> list[float]:
    queue = _queue(_NOWHERE, spool=spool, max_events=10 * count, max_bytes=10**9)
    seconds = []
    for event in list(_events(count, start)):
        begun = time.perf_counter()
        queue.put(event)
        seconds.append(time.perf_counter() - begun)
    queue.close(0)
    return seconds


def _together(count: int, spool: str) -> list[list[float]]:
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        return pool.starmap(_alone, [(count, spool, start) for start in (0, count)], chunksize=1)


def _spooled(count: int) -> None:
    """Fill a spool while nobody may send, then let its process send all of it."""
    print(f"a spool of {count:,} events, and the process that fills and then empties it")
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, sink.running() as url:
        spool = Path(folder, "spool.db")
        sending = Leadership(spool)
        assert sending.take()
        here, there = context.Pipe()
        process = context.Process(target=_fill_and_send, args=(count, url, str(spool), there))
        process.start()
        before, full = here.recv()
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        sending.release()
        begun = time.perf_counter()
        here.send(None)
        after = here.recv()
        seconds = time.perf_counter() - begun
        process.join()
    sizes = ", ".join(f"{peak / _MEGABYTE:.1f} MB" for peak in (before, full, after))
    print(f"  peak memory {sizes}: before, once it is full, once it is sent")
    print(f"  {size / count:,.0f} bytes on disk for each event")
    print(
        f"  emptied at {count / seconds:,.0f} events a second, without limits of rate\n", flush=True
    )


def _fill_and_send(count: int, url: str, spool: str, told: Connection) -> None:
    queue = _queue(url, spool=spool, max_events=count)
    events = _events(count, 0)
    queue.put(next(events))
    before = _memory()
    for event in events:
        queue.put(event)
    told.send((before, _memory()))
    told.recv()
    assert queue.flush()
    queue.close()
    told.send(_memory())


def _queue(url: str, **options: Any) -> EventQueue:
    klaviyo = KlaviyoBulkEvents("pk_benchmark", base_url=url, rates=["100000/s"])
    return klaviyo.queue(backfill=False, exit_timeout=0, **options)


def _events(count: int, start: int) -> Iterator[Event]:
    for at in range(start, start + count, _AT_ONCE):
        yield from forms.events(shop.rows(min(_AT_ONCE, start + count - at), _CUSTOMERS, at))


def _memory() -> int:
    """The peak of this process, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
