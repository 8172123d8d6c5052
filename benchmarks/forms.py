"""The shop's rows in the form that each way of sending takes; all say the same events."""

from collections.abc import Iterable, Iterator

from benchmarks import shop
from klaviyo_bulk_events import Event, Location, Profile

_Json = dict[str, object]


def events(rows: Iterable[shop.Row], *, derive: bool = False) -> Iterator[Event]:
    """Event objects, a customer's with one profile; with `derive` they have no `unique_id`."""
    profiles: dict[str, Profile] = {}
    for row in rows:
        yield Event(
            metric=shop.METRIC,
            profile=profiles.get(row.email) or profiles.setdefault(row.email, _profile(row)),
            properties=shop.properties(row),
            time=row.ordered_at,
            value=float(row.price),
            value_currency=row.currency,
            unique_id=None if derive else shop.unique_id(row),
        )


def events_with_decimals(rows: Iterable[shop.Row]) -> Iterator[Event]:
    """Event objects in which Decimals stay what they are, for the client to make JSON of."""
    profiles: dict[str, Profile] = {}
    for row in rows:
        yield Event(
            metric=shop.METRIC,
            profile=profiles.get(row.email) or profiles.setdefault(row.email, _profile(row)),
            properties=shop.properties(row, number=lambda exact: exact),
            time=row.ordered_at,
            value=row.price,
            value_currency=row.currency,
            unique_id=shop.unique_id(row),
        )


def _profile(row: shop.Row) -> Profile:
    return Profile(
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        location=Location(city=row.city, country=row.country),
    )


def records(rows: Iterable[shop.Row]) -> Iterator[_Json]:
    """Record mappings, as JSON lines have them: each with a profile of its own."""
    for row in rows:
        yield {
            "metric": shop.METRIC,
            "profile": _customer(row),
            "properties": shop.properties(row),
            "time": row.ordered_at,
            "value": float(row.price),
            "value_currency": row.currency,
            "unique_id": shop.unique_id(row),
        }


def _customer(row: shop.Row) -> _Json:
    return {
        "email": row.email,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "location": {"city": row.city, "country": row.country},
    }


def document(rows: Iterable[shop.Row]) -> _Json:
    """The request as plain dicts, events grouped by profile: nothing is checked."""
    grouped: dict[str, list[_Json]] = {}
    entries: list[_Json] = []
    for row in rows:
        group = grouped.get(row.email)
        if group is None:
            group = grouped[row.email] = []
            entries.append(_entry(row, group))
        group.append(_event(row))
    attributes = {"events-bulk-create": {"data": entries}}
    return {"data": {"type": "event-bulk-create-job", "attributes": attributes}}


def _entry(row: shop.Row, group: list[_Json]) -> _Json:
    return {
        "type": "event-bulk-create",
        "attributes": {
            "backfill": True,
            "profile": {"data": {"type": "profile", "attributes": _customer(row)}},
            "events": {"data": group},
        },
    }


def _event(row: shop.Row) -> _Json:
    return {
        "type": "event",
        "attributes": {
            "properties": shop.properties(row),
            "time": row.ordered_at,
            "value": float(row.price),
            "value_currency": row.currency,
            "unique_id": shop.unique_id(row),
            "backfill": True,
            "metric": {"data": {"type": "metric", "attributes": {"name": shop.METRIC}}},
        },
    }
