"""One stream of 40 accounts of unequal size, mixed: how near it comes to the limits' own time.

The server is a function that answers 202 at once, for an emulator in the same machine would take
the other core. Every account keeps the real limits, so its largest one says how long it must take.
"""

import argparse
import random
import resource
import time
from collections.abc import Iterator
from typing import Any

import httpx

from benchmarks.scale import alone
from klaviyo_bulk_events import Accounts

_ACCOUNTS = 40
_REQUEST = 1_000


def main() -> None:
    """Print the time, and the least that the limits allow."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    largest = 1 if parser.parse_args().quick else 151
    sizes = unequal(largest)
    with Accounts(
        dict.fromkeys(sizes, "pk_0123456789abcdef"),
        base_url="https://klaviyo.invalid",
        transport=httpx.MockTransport(lambda _: httpx.Response(202)),
    ) as accounts:
        started, cpu = time.perf_counter(), time.process_time()
        reports = accounts.send_stream(records(sizes), backfill=True)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    accepted = sum(report.accepted for report in reports.values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    smallest, most = min(sizes.values()), max(sizes.values())
    print(f"{_ACCOUNTS} accounts of {smallest:,} to {most:,} events in one stream")
    print(f"  {accepted:,} of {sum(sizes.values()):,} accepted in {seconds:.1f} s")
    print(
        f"  {alone(largest, answer=0.0):.1f} s is the least that the largest account's limits allow"
    )
    print(f"  {accepted / cpu:,.0f} events a second and core, {memory:.0f} MB at most\n")


def unequal(largest: int) -> dict[str, int]:
    """The events of each account, of which one has so many full requests and the others fewer."""
    sizes = {f"shop-{n}": min(largest, n + 1) * _REQUEST for n in range(_ACCOUNTS)}
    return {**sizes, "shop-0": largest * _REQUEST}


def records(sizes: dict[str, int]) -> Iterator[dict[str, Any]]:
    """The events of all accounts, mixed, each account's in proportion to its size."""
    mixed = [account for account, size in sizes.items() for _ in range(size)]
    random.Random(1).shuffle(mixed)
    for number, account in enumerate(mixed):
        yield {
            "account": account,
            "metric": "Ordered Product",
            "profile": {"external_id": str(number % 500)},
            "time": "2025-05-05T12:00:00Z",
            "unique_id": f"order-{number}",
            "properties": {"sku": "A", "number": number},
        }


if __name__ == "__main__":
    main()
