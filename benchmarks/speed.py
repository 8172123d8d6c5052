"""How fast 1,000 events get from rows to the answer, against plain dicts, orjson and httpx.

`nox -s bench` runs it. All ways take turns in one run; what counts is their ratio.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

import httpx
import orjson

import shop
import sink
from klaviyo_bulk_events import Event, KlaviyoBulkEvents, Location, Profile

PATH = "/api/event-bulk-create-jobs"
HEADERS = {
    "Authorization": "Klaviyo-API-Key pk_bench",
    "Content-Type": "application/vnd.api+json",
    "revision": "2026-04-15",
}
Way = Callable[[list[shop.Row]], None]


def events(rows: list[shop.Row]) -> Iterator[Event]:
    """Event objects, as an application makes them; a customer's events share a profile."""
    profiles: dict[str, Profile] = {}
    for row in rows:
        profile = profiles.get(row.email)
        if profile is None:
            profile = profiles[row.email] = Profile(
                email=row.email,
                first_name=row.first_name,
                last_name=row.last_name,
                location=Location(city=row.city, country=row.country),
            )
        yield Event(
            metric=shop.METRIC,
            profile=profile,
            properties=shop.properties(row),
            time=row.ordered_at,
            value=row.price,
            value_currency=row.currency,
            unique_id=f"{row.order_id}-{row.line}",
        )


def records(rows: list[shop.Row]) -> Iterator[dict[str, object]]:
    """Record mappings, as read from JSON lines: each with a profile of its own."""
    for row in rows:
        yield {
            "metric": shop.METRIC,
            "profile": {
                "email": row.email,
                "first_name": row.first_name,
                "last_name": row.last_name,
                "location": {"city": row.city, "country": row.country},
            },
            "properties": shop.properties(row),
            "time": row.ordered_at,
            "value": row.price,
            "value_currency": row.currency,
            "unique_id": f"{row.order_id}-{row.line}",
        }


def document(rows: list[shop.Row]) -> dict[str, object]:
    """The request as plain dicts, events grouped by profile: nothing is checked."""
    entries: dict[str, list[object]] = {}
    profiles: dict[str, object] = {}
    for row in rows:
        event = {
            "type": "event",
            "attributes": {
                "properties": shop.properties(row),
                "time": row.ordered_at,
                "value": row.price,
                "value_currency": row.currency,
                "unique_id": f"{row.order_id}-{row.line}",
                "backfill": True,
                "metric": {"data": {"type": "metric", "attributes": {"name": shop.METRIC}}},
            },
        }
        if row.email in entries:
            entries[row.email].append(event)
        else:
            entries[row.email] = [event]
            profiles[row.email] = {
                "type": "profile",
                "attributes": {
                    "email": row.email,
                    "first_name": row.first_name,
                    "last_name": row.last_name,
                    "location": {"city": row.city, "country": row.country},
                },
            }
    data = [
        {
            "type": "event-bulk-create",
            "attributes": {
                "backfill": True,
                "profile": {"data": profiles[email]},
                "events": {"data": grouped},
            },
        }
        for email, grouped in entries.items()
    ]
    attributes = {"events-bulk-create": {"data": data}}
    return {"data": {"type": "event-bulk-create-job", "attributes": attributes}}


def ways(url: str, klaviyo: KlaviyoBulkEvents, http: httpx.Client) -> dict[str, Way]:
    """The ways that are compared, the floor first."""

    def floor(rows: list[shop.Row]) -> None:
        body = orjson.dumps(document(rows))
        assert http.post(url + PATH, content=body, headers=HEADERS).status_code == 202

    def from_events(rows: list[shop.Row]) -> None:
        assert klaviyo.send(events(rows), backfill=True).accepted == len(rows)

    def from_records(rows: list[shop.Row]) -> None:
        assert klaviyo.send(records(rows), backfill=True).accepted == len(rows)

    return {"floor": floor, "events": from_events, "records": from_records}


def measure(profiles: int, rounds: int) -> None:
    """Print the medians and their ratios to the floor."""
    with sink.running() as url, httpx.Client() as http:
        client = KlaviyoBulkEvents("pk_bench", base_url=url, rates=["100000/s"])
        with client as klaviyo:
            compared = ways(url, klaviyo, http)
            times: dict[str, list[float]] = {name: [] for name in compared}
            for turn in range(rounds):
                rows = list(shop.rows(1_000, profiles, start=turn * 1_000))
                for name, way in compared.items():
                    started = time.perf_counter()
                    way(rows)
                    times[name].append(time.perf_counter() - started)
    floor = statistics.median(times["floor"])
    print(f"1,000 events over {profiles:,} profiles, median of {rounds} rounds")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"  {name:<10} {median * 1e3:8.2f} ms   {median / floor:6.2f} times the floor")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    arguments = parser.parse_args()
    for count in (250, 1_000):
        measure(count, arguments.rounds)
