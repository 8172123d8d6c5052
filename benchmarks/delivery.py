"""Sends so many generated events in a process of its own, and prints its peak memory in bytes."""

import resource
import sys
from collections.abc import Iterator

from benchmarks import forms, shop
from klaviyo_bulk_events import Event, KlaviyoBulkEvents

_AT_ONCE = 1_000
_CUSTOMERS = 250


def main() -> None:
    """Take the number of events, the server's URL and maybe a path for a journal as arguments."""
    count, url, *journals = sys.argv[1:]
    _send(int(count), url, *journals)
    print(_peak_bytes())


def _send(count: int, url: str, journal: str | None = None) -> None:
    with KlaviyoBulkEvents("pk_benchmark", base_url=url, rates=["100000/s"]) as klaviyo:
        report = klaviyo.send(_events(count), backfill=True, journal=journal)
    assert report.accepted == report.submitted == count


def _events(count: int) -> Iterator[Event]:
    """Never the same customer in two thousands: what is kept for each would show."""
    for start in range(0, count, _AT_ONCE):
        yield from forms.events(shop.rows(min(_AT_ONCE, count - start), _CUSTOMERS, start))


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
