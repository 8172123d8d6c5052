"""Events and profiles of every kind, for laws."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from klaviyo_bulk_events import NULL, Event, Location, Profile
from klaviyo_bulk_events.limits import EARLIEST_YEAR, LARGEST_INTEGER, SMALLEST_INTEGER

from .encoding import NOW

texts = st.text(max_size=20)
integers = st.integers(SMALLEST_INTEGER.value, LARGEST_INTEGER.value)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | integers | finite | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
properties = st.dictionaries(texts, json_values, max_size=6)
keys = st.text(min_size=1, max_size=20)
emails = st.sampled_from(["a@b.co", "sarah.mason@klaviyo-demo.com", "sörah@example.com"])
moments = st.datetimes(
    min_value=datetime(EARLIEST_YEAR.value + 1, 1, 1),
    max_value=NOW.replace(tzinfo=None),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


def _optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def _nullable(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.just(NULL)


locations = _optional(
    address1=_nullable(texts),
    city=_nullable(texts),
    zip=texts,
    latitude=_nullable(finite | texts),
    longitude=finite | integers,
    timezone=texts,
)

profile_fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"email": emails},
    optional={
        "phone_number": st.sampled_from(["+15005550006", "+4420712345"]),
        "external_id": keys,
        "id": keys,
        "anonymous_id": _nullable(keys),
        "kx": _nullable(texts),
        "first_name": _nullable(texts),
        "last_name": texts,
        "organization": _nullable(texts),
        "locale": texts,
        "title": texts,
        "image": texts,
        "location": _nullable(locations),
        "properties": _nullable(properties),
        "append": _nullable(properties),
        "unappend": properties,
        "unset": _nullable(texts | st.lists(texts, max_size=3)),
        "append_identifiers": properties,
        "unappend_identifiers": properties,
    },
)

event_fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "metric": st.sampled_from(["Ordered Product", "Größe {null} [é]"]),
        "profile": profile_fields,
        "time": moments,
        "unique_id": keys,
        "backfill": st.booleans(),
    },
    optional={
        "properties": properties,
        "value": _nullable(integers | finite),
        "value_currency": _nullable(texts),
        "metric_service": _nullable(texts),
    },
)


def profile(fields: Mapping[str, Any]) -> Profile:
    """The profile of these fields."""
    if isinstance(fields.get("location"), Mapping):
        fields = {**fields, "location": Location(**fields["location"])}
    return Profile(**fields)


def event(fields: Mapping[str, Any]) -> Event:
    """The event of these fields, whose profile are fields too."""
    return Event(**{**fields, "profile": profile(fields["profile"])})
