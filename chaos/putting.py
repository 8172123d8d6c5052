"""A process that puts events into a spool, and notes every one once `put` has returned.

Everything it needs stands on its command line, as JSON: what of `Worker` is not its own.
"""

import os
import sys
import time
from random import Random
from typing import Any

import orjson

from klaviyo_bulk_events import KlaviyoBulkEvents

METRIC = "Viewed Product"


def main() -> None:
    """Put the events from number `first` on; then stay, for the others' sake, until killed."""
    told = orjson.loads(sys.argv[1])
    klaviyo = KlaviyoBulkEvents("pk_chaos", base_url=told["url"], rates=["1000/s"], timeout=1.0)
    queue = klaviyo.queue(
        backfill=False,
        spool=told["spool"],
        max_age=told["max_age"],
        batch_events=told["batch_events"],
        retry_after=0.2,
    )
    notes = os.open(told["notes"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    random = Random(f"{told['name']} {told['first']}")
    for number in range(told["first"], told["count"]):
        queue.put(event(told["name"], number))
        os.write(notes, b"%d\n" % number)
        if random.random() < told["rests"]:
            time.sleep(random.uniform(0.0, 0.02))
    os.write(notes, b"end\n")
    while True:
        time.sleep(1)


def event(name: str, number: int) -> dict[str, Any]:
    """The event of a process; every other has no `unique_id`, and gets one from its content."""
    record: dict[str, Any] = {
        "metric": METRIC,
        "profile": {"external_id": name},
        "properties": {"n": number, "text": "x" * (number % 400)},
    }
    if number % 2:
        record["unique_id"] = f"{name}-{number}"
    return record


if __name__ == "__main__":
    main()
