"""How much of the rate limits is used, and whether a request is ever one too many.

A place under the limit (L, W) is taken when a request is sent and free again one window after its
answer: it can serve one request every W + latency seconds, and L places serve L / (W + latency)
requests a second. Any limiter that never lets more than L requests arrive in a window, whatever
its phase, and cannot look into the network, is bound by that. So the best time for n * L requests
is n * (W + mean latency). It is taken from one arrival to the one n * L later, once the first L
have opened the connections.

The latency is the time from handing a request to httpx to its answer. The rates are
Klaviyo's made shorter, such that the machine has nothing to do most of the time. Every run meets
windows of another phase.
"""

import argparse
import asyncio
import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from attrs import frozen

from benchmarks.latency import AsyncTimedTransport, Latency, TimedTransport
from klaviyo_bulk_events import AsyncKlaviyoBulkEvents, Event, KlaviyoBulkEvents, Profile, Rate
from klaviyo_bulk_events.emulator import Settings, running

_SENDERS = 32
"""Threads, such that there are always some in line for a place."""

_RATES = {
    "one rate": (Rate(20, 0.5),),
    "two rates": (Rate(20, 0.2), Rate(150, 3.0)),
}

Send = Callable[[str, tuple[Rate, ...], int, Latency], None]


def main() -> None:
    """Print the share of the best possible for each client and set of rates."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limiter", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    quick = parser.parse_args().quick
    print("requests a second against the best possible, L / (W + mean latency)")
    for name, rates in _RATES.items():
        if quick and len(rates) > 1:
            continue
        for client, send in {"threads": _send_from_threads, "asyncio": _send_from_tasks}.items():
            runs = [_Run.of(send, rates, 1 if quick else 5) for _ in range(1 if quick else 3)]
            _show(f"{name}, {client}", rates, runs)
    print()


@frozen
class _Run:
    requests: int
    seconds: float
    best: float
    throttled: int

    @classmethod
    def of(cls, send: Send, rates: tuple[Rate, ...], cycles: int) -> "_Run":
        """Use up the binding rate so often, against windows of random phase."""
        binding = max(rates, key=lambda rate: rate.seconds / rate.limit)
        latency = Latency()
        with running(Settings(rates=rates)) as emulated:
            send(emulated.url, rates, (1 + cycles) * binding.limit + 1, latency)
            requests = emulated.emulator.requests()
        arrivals = sorted(request.arrived for request in requests)[binding.limit :]
        return cls(
            requests=len(arrivals) - 1,
            seconds=arrivals[-1] - arrivals[0],
            best=cycles * (binding.seconds + statistics.mean(latency.seconds[binding.limit :])),
            throttled=sum(request.status == 429 for request in requests),
        )


def _show(name: str, rates: tuple[Rate, ...], runs: list[_Run]) -> None:
    requests, seconds = sum(run.requests for run in runs), sum(run.seconds for run in runs)
    best, throttled = sum(run.best for run in runs), sum(run.throttled for run in runs)
    print(
        f"  {name:<20} {' and '.join(map(str, rates)):<20} {requests / seconds:6.2f} of "
        f"{requests / best:6.2f} a second: {best / seconds:.2%}, {throttled} answered 429",
        flush=True,
    )


def _send_from_threads(url: str, rates: tuple[Rate, ...], requests: int, latency: Latency) -> None:
    client = KlaviyoBulkEvents(
        "pk_benchmark", base_url=url, rates=rates, transport=TimedTransport(latency)
    )
    with client as klaviyo, ThreadPoolExecutor(_SENDERS) as pool:
        for report in pool.map(lambda e: klaviyo.send([e], backfill=True), _events(requests)):
            assert report.accepted == 1


def _send_from_tasks(url: str, rates: tuple[Rate, ...], requests: int, latency: Latency) -> None:
    async def send() -> None:
        client = AsyncKlaviyoBulkEvents(
            "pk_benchmark", base_url=url, rates=rates, transport=AsyncTimedTransport(latency)
        )
        async with client as klaviyo:
            sends = (klaviyo.send([event], backfill=True) for event in _events(requests))
            for report in await asyncio.gather(*sends):
                assert report.accepted == 1

    asyncio.run(send())


def _events(count: int) -> Iterator[Event]:
    for number in range(count):
        yield Event(
            metric="Ordered Product",
            profile=Profile(external_id="customer"),
            time="2025-06-01T10:00:00Z",
            unique_id=str(number),
        )


if __name__ == "__main__":
    main()
