"""How long a thousand million events over thousands of accounts must take, by simulation.

Every request is simulated: it waits for its account's places at the limiter (10 in a second, 150 in
a minute, each counted until a window after its answer), and for a core to make it. Cores are given
accounts once, before they start, as partitions are. What a request costs a core is measured here,
from events to bytes that are sent, unless --cost says it.
"""

import argparse
import heapq
import time
from collections.abc import Callable, Sequence

import httpx

from benchmarks.forms import events
from benchmarks.shop import rows
from klaviyo_bulk_events import KlaviyoBulkEvents
from klaviyo_bulk_events.limits import BURST, EVENTS_PER_REQUEST, STEADY

_ANSWER = 0.2
"""Seconds from a request's start to its answer."""
_EVENTS = EVENTS_PER_REQUEST.value
_CORES = (1, 2, 8, 32)


def main() -> None:
    """Print the times for each way that sizes may be spread."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    parser.add_argument("--accounts", type=int, default=2_000)
    parser.add_argument("--events", type=int, default=1_000_000_000)
    parser.add_argument("--cost", type=float, help="milliseconds of a core for a request")
    chosen = parser.parse_args()
    count, total = (50, 2_000_000) if chosen.quick else (chosen.accounts, chosen.events)
    cost = chosen.cost / 1e3 if chosen.cost else measured_cost(5 if chosen.quick else 100)
    print(
        f"{total:,} events, {count:,} accounts, {cost * 1e3:.1f} ms of a core a request: "
        f"{_EVENTS / cost:,.0f} events a second and core"
    )
    for name, weights in spreads(count).items():
        _print(name, requests_of(weights, total), cost)
    print()


def spreads(count: int) -> dict[str, list[float]]:
    """How sizes may be spread over accounts."""
    return {
        "all the same size": [1.0] * count,
        "Zipf: the nth has an nth of the largest": [1 / n for n in range(1, count + 1)],
        "one has half of all": [float(count - 1), *([1.0] * (count - 1))],
    }


def requests_of(weights: Sequence[float], total: int) -> list[int]:
    """How many requests each account's share takes, the largest first."""
    whole = sum(weights)
    return [max(1, -(-round(total * weight / whole) // _EVENTS)) for weight in weights]


def _print(name: str, requests: list[int], cost: float) -> None:
    bound = alone(max(requests))
    print(f"{name}: the largest has {max(requests) * _EVENTS:,} events, which take {_hours(bound)}")
    print("  cores  work alone  lanes, planned  lanes, hashed  one by one")
    for cores in _CORES:
        times = [
            sum(requests) * cost / cores,
            slowest(planned(requests, cores), lambda mine: lanes(mine, cost)),
            slowest(hashed(requests, cores), lambda mine: lanes(mine, cost)),
            slowest(planned(requests, cores), one_by_one),
        ]
        work, best, spread, single = map(_hours, times)
        print(f"  {cores:>5}  {work:>10}  {best:>14}  {spread:>13}  {single:>10}")


def slowest(parts: list[list[int]], seconds: Callable[[list[int]], float]) -> float:
    """When the last core is done."""
    return max(map(seconds, parts))


def planned(requests: list[int], cores: int) -> list[list[int]]:
    """Accounts to cores, the largest first, each to the one with the least to do."""
    parts: list[list[int]] = [[] for _ in range(cores)]
    loads = [(0, core) for core in range(cores)]
    for count in sorted(requests, reverse=True):
        load, core = heapq.heappop(loads)
        parts[core].append(count)
        heapq.heappush(loads, (load + count, core))
    return parts


def hashed(requests: list[int], cores: int) -> list[list[int]]:
    """Accounts to cores by a hash of their numbers."""
    parts: list[list[int]] = [[] for _ in range(cores)]
    for number, count in enumerate(requests):
        parts[(number * 2_654_435_761 >> 16) % cores].append(count)
    return parts


def lanes(requests: list[int], cost: float, answer: float = _ANSWER) -> float:
    """Seconds until a core has sent for all of its accounts, each as soon as its limits allow."""
    left = list(requests)
    granted: list[list[float]] = [[] for _ in requests]
    due = [(0.0, account) for account in range(len(requests))]
    heapq.heapify(due)
    now = 0.0
    while due:
        at, account = heapq.heappop(due)
        now = max(now, at) + cost
        granted[account].append(now)
        left[account] -= 1
        if left[account]:
            heapq.heappush(due, (allowed(granted[account], answer), account))
    return now + answer


def allowed(granted: list[float], answer: float) -> float:
    """When an account may send again that sent at these times, each answered so much later."""
    if len(granted) > 2 * STEADY.limit:
        del granted[: -STEADY.limit]
    times = [
        granted[-rate.limit] + answer + rate.seconds
        for rate in (BURST, STEADY)
        if len(granted) >= rate.limit
    ]
    return max(times, default=0.0)


def alone(requests: int, answer: float = _ANSWER) -> float:
    """Seconds that one account takes at its limits, whatever sends."""
    return lanes([requests], 0.0, answer)


def one_by_one(requests: list[int]) -> float:
    """Seconds where a core serves an account only when the one before it is done."""
    known = {count: alone(count) for count in set(requests)}
    return sum(known[count] for count in requests)


def measured_cost(requests: int) -> float:
    """Seconds of a core for a full request of a shop's events of about 1.3 KB."""
    transport = httpx.MockTransport(lambda _: httpx.Response(202))
    every = list(events(rows(requests * _EVENTS, profiles=5_000)))
    with KlaviyoBulkEvents(
        "pk_0123456789abcdef",
        base_url="https://klaviyo.invalid",
        rates=["100000/s"],
        transport=transport,
    ) as client:
        started = time.process_time()
        client.send(every, backfill=True)
        return (time.process_time() - started) / requests


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.2f} h"


if __name__ == "__main__":
    main()
