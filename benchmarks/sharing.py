"""How much of the rate limits several processes use that share them, and how evenly.

What is measured is what `benchmarks.limiter` measures: requests against L / (W + mean latency).
Here several processes stand in line for the places of one account, kept in SQLite or in Redis, and
each request takes a random time longer on its way to the server and back.
"""

import argparse
import asyncio
import multiprocessing
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.synchronize import Barrier, Event
from typing import Any, Final

import httpx
from attrs import frozen

from benchmarks.latency import AsyncTimedTransport, Latency, TimedTransport
from benchmarks.redis_server import RedisServer
from klaviyo_bulk_events import AsyncKlaviyoBulkEvents, KlaviyoBulkEvents, Profile, Rate
from klaviyo_bulk_events import Event as ShopEvent
from klaviyo_bulk_events.emulator import Running, Settings, running

PROCESSES: Final = 4
RATE: Final = Rate(20, 0.5)
_JITTER: Final = 0.04
"""Seconds that a request may take longer in either direction."""
KINDS: Final = {"1 thread": ("threads", 1), "4 threads": ("threads", 4), "4 tasks": ("tasks", 4)}


@frozen
class Measured:
    """What several processes did together. `share` is the least of their parts, 1.0 an even one."""

    use: float
    share: float
    throttled: int
    requests: int
    busiest: int


@frozen
class Work:
    """What each of the processes does."""

    url: str
    limiter: str
    kind: str
    senders: int


def main() -> None:
    """Print the use of the limit for each store and kind of process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sharing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    cycles = 2 if parser.parse_args().quick else 20
    print(f"{PROCESSES} processes that share {RATE}, against L / (W + mean latency)")
    for store, new in STORES.items():
        if store == "redis" and shutil.which("redis-server") is None:
            print("  redis: left out, redis-server is not installed")
            continue
        for name in KINDS:
            with new() as url:
                _show(f"{store}, {name} each", measure(url, name, cycles))
    print()


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/limiter.db"


STORES: Final[dict[str, Callable[[], AbstractContextManager[str]]]] = {
    "sqlite": _sqlite,
    "redis": RedisServer,
}
"""What makes the URL of a new limiter."""


def _show(name: str, measured: Measured) -> None:
    print(
        f"  {name:<24} {measured.use:7.2%} of the best possible, the slowest process has "
        f"{measured.share:.2f} of an even share; {measured.busiest} of {RATE.limit} in the busiest "
        f"window, {measured.throttled} of {measured.requests} answered 429",
        flush=True,
    )


def measure(limiter: str, name: str, cycles: int) -> Measured:
    """Use up the rate so often, from several processes."""
    with running(Settings(rates=(RATE,))) as emulated:
        work = Work(emulated.url, limiter, *KINDS[name])
        counts, latencies = _work_together(work, emulated, cycles)
        arrivals = sorted(request.arrived for request in emulated.emulator.requests())
        throttled = sum(r.status == 429 for r in emulated.emulator.requests())
    first, last = RATE.limit, (1 + cycles) * RATE.limit
    taken = arrivals[last] - arrivals[first]
    best = cycles * (RATE.seconds + statistics.mean(latencies))
    return Measured(
        use=best / taken,
        share=min(counts) * len(counts) / sum(counts),
        throttled=throttled,
        requests=len(arrivals),
        busiest=_busiest(arrivals),
    )


def _busiest(arrivals: list[float]) -> int:
    return max(sum(at <= other < at + RATE.seconds for other in arrivals) for at in arrivals)


def _work_together(work: Work, emulated: Running, cycles: int) -> tuple[list[int], list[float]]:
    spawn = multiprocessing.get_context("spawn")
    ready, stop, results = spawn.Barrier(PROCESSES + 1), spawn.Event(), spawn.Queue()
    processes = [
        spawn.Process(target=_work, args=(number, work, ready, stop, results))
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    ready.wait(60.0)
    while len(emulated.emulator.requests()) <= (1 + cycles) * RATE.limit + RATE.limit:
        time.sleep(0.05)
    stop.set()
    done = [results.get(timeout=60.0) for _ in processes]
    for process in processes:
        process.join(60.0)
    return [len(latency) for latency in done], [second for latency in done for second in latency]


def _work(number: int, work: Work, ready: Barrier, stop: Event, results: Any) -> None:
    latency = Latency()
    send = {"threads": _send_from_threads, "tasks": _send_from_tasks}[work.kind]
    ready.wait(60.0)
    send(number, work, stop, latency)
    results.put(latency.seconds)


def _send_from_threads(number: int, work: Work, stop: Event, latency: Latency) -> None:
    client = KlaviyoBulkEvents(
        "pk_benchmark",
        base_url=work.url,
        rates=[RATE],
        limiter=work.limiter,
        transport=JitteryTransport(latency),
    )

    def send(sender: int) -> None:
        for event in _events(f"{number}-{sender}"):
            if stop.is_set():
                return
            assert client.send([event], backfill=True).accepted == 1

    with client, ThreadPoolExecutor(work.senders) as pool:
        list(pool.map(send, range(work.senders)))


def _send_from_tasks(number: int, work: Work, stop: Event, latency: Latency) -> None:
    async def send(client: AsyncKlaviyoBulkEvents, sender: int) -> None:
        for event in _events(f"{number}-{sender}"):
            if stop.is_set():
                return
            assert (await client.send([event], backfill=True)).accepted == 1

    async def send_all() -> None:
        client = AsyncKlaviyoBulkEvents(
            "pk_benchmark",
            base_url=work.url,
            rates=[RATE],
            limiter=work.limiter,
            transport=AsyncJitteryTransport(latency),
        )
        async with client, asyncio.TaskGroup() as tasks:
            for sender in range(work.senders):
                tasks.create_task(send(client, sender))

    asyncio.run(send_all())


class JitteryTransport(TimedTransport):
    """Takes longer than the network does, in either direction."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request late, and hand its answer over late."""
        started = time.perf_counter()
        time.sleep(random.uniform(0.0, _JITTER))
        response = self.exchange(request)
        time.sleep(random.uniform(0.0, _JITTER))
        self.latency.since(started)
        return response


class AsyncJitteryTransport(AsyncTimedTransport):
    """Takes longer than the network does, in either direction."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request late, and hand its answer over late."""
        started = time.perf_counter()
        await asyncio.sleep(random.uniform(0.0, _JITTER))
        response = await self.exchange(request)
        await asyncio.sleep(random.uniform(0.0, _JITTER))
        self.latency.since(started)
        return response


def _events(sender: str) -> Iterator[ShopEvent]:
    number = 0
    while True:
        number += 1
        yield ShopEvent(
            metric="Ordered Product",
            profile=Profile(external_id="customer"),
            time="2025-06-01T10:00:00Z",
            unique_id=f"{sender}-{number}",
        )


if __name__ == "__main__":
    main()
