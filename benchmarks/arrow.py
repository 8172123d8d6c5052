"""How fast record batches become requests, and what a ledger of chunks adds.

The server is a function that answers 202; rows have about half a kilobyte. CPU is all threads'.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pyarrow as pa

from klaviyo_bulk_events import KlaviyoBulkEvents
from klaviyo_bulk_events.arrow import send_batches
from klaviyo_bulk_events.arrow.rows import Rows
from klaviyo_bulk_events.sources import Rules

_BATCH = 10_000
_RUNS = 3


def main() -> None:
    """Print rows a second and core, the best of some runs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.arrow", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    count = 3_000 if parser.parse_args().quick else 100_000
    given = batches(count)
    size = sum(map(measured_size, given)) / count
    print(f"{count:,} rows, {size:.0f} bytes each in a request")
    with tempfile.TemporaryDirectory() as folder:
        file, database = f"file:{folder}/chunks", f"sqlite:///{folder}/chunks.db"
        cases: dict[str, dict[str, Any]] = {
            "read only": {},
            "sent": {},
            "sent, ledger in files": {"ledger": file},
            "sent, ledger in SQLite": {"ledger": database},
            "held by a ledger in files": {"ledger": file, "run": "0"},
        }
        for name, more in cases.items():
            best = min(_seconds(name, given, number, more) for number in range(_RUNS))
            print(f"  {name:<26} {count / best:9,.0f} rows a second and core")
    print()


def batches(count: int) -> list[Any]:
    """So many rows of a shop's orders."""
    rows = [
        {
            "metric": "Ordered Product",
            "profile.external_id": str(n % 5_000),
            "profile.email": f"customer{n % 5_000}@shop.org",
            "time": "2025-05-05T12:00:00Z",
            "value": 19.9,
            "value_currency": "EUR",
            "unique_id": f"order-{n}",
            "properties.sku": f"SKU-{n % 999}",
            "properties.title": "A picture of a brick wall, framed, large, and quite heavy",
            "properties.quantity": n % 9,
            "properties.categories": ["decoration", "walls"],
        }
        for n in range(count)
    ]
    return [
        pa.RecordBatch.from_pylist(rows[start : start + _BATCH])
        for start in range(0, count, _BATCH)
    ]


def measured_size(batch: Any) -> int:
    """Bytes of the requests that a batch becomes."""
    sizes: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sizes.append(len(request.content))
        return httpx.Response(202)

    with _client(answer) as client:
        for _ in send_batches([batch], client=client, backfill=True):
            pass
    return sum(sizes)


def _seconds(name: str, given: list[Any], number: int, more: dict[str, Any]) -> float:
    """CPU seconds of one run."""
    named = {"run": str(number), **more} if "ledger" in more else more
    with _client(lambda _: httpx.Response(202)) as client:
        started = time.process_time()
        if name == "read only":
            for _ in Rows(given, Rules(), zoned=False):
                pass
        else:
            for _ in send_batches(given, client=client, backfill=True, account="shop", **named):
                pass
        return time.process_time() - started


@contextmanager
def _client(answer: Any) -> Iterator[KlaviyoBulkEvents]:
    with KlaviyoBulkEvents(
        "pk_0123456789abcdef",
        base_url="https://klaviyo.invalid",
        rates=["100000/s"],
        transport=httpx.MockTransport(answer),
    ) as client:
        yield client


if __name__ == "__main__":
    main()
