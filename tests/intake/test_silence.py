"""No value of a record is in what is said about it: that may end up in a log."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import Event, Location, Profile, RecordError

from .encoding import WHOLE, encoder

MARKER = "Xq7marker"
marked = st.sampled_from(
    [
        MARKER,
        f"{MARKER}@example.com",
        f"{MARKER}\ud800",
        f" {MARKER} ",
        MARKER * 20_000,
        f"2026-05-05T{MARKER}",
        f"+{MARKER}",
        MARKER.encode(),
        [MARKER],
        (MARKER, {MARKER}),
        {"p": {MARKER}},
        {"p": f"{MARKER}\ud800"},
        "",
        0,
        None,
    ]
)
fields = st.fixed_dictionaries(
    {"metric": marked, "profile": marked | st.fixed_dictionaries({}, optional={"email": marked})},
    optional={
        "properties": marked | st.fixed_dictionaries({"p": marked}),
        "time": marked,
        "value": marked,
        "value_currency": marked,
        "unique_id": marked,
        "backfill": marked,
        "metric_service": marked,
    },
)
profile_names = (
    "email",
    "phone_number",
    "external_id",
    "id",
    "anonymous_id",
    "first_name",
    "properties",
    "append",
    "unset",
    "append_identifiers",
)
places = st.fixed_dictionaries({}, optional={"city": marked, "latitude": marked})
profiles = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(profile_names, marked), "location": marked | places}
)


def said(given: dict[str, Any]) -> str:
    """All that is said of an event, good or bad."""
    try:
        return str(encoder(timezone="UTC", metrics=["m"]).encode(given).warnings)
    except RecordError as error:
        return f"{error!r} {error} {error.problems}"


@given(fields)
def test_events_are_not_quoted(given: dict[str, Any]) -> None:
    """No value of an event's fields is in a problem or a warning."""
    assert MARKER not in said(given)
    assert MARKER not in said({**WHOLE, **given, "metric": "m"})


@given(profiles)
def test_profiles_are_not_quoted(given: dict[str, Any]) -> None:
    """No value of a profile's fields is in a problem or a warning."""
    assert MARKER not in said({**WHOLE, "metric": "m", "profile": given})


@pytest.mark.parametrize(
    "make",
    [
        lambda: Event.from_record({"metrik": MARKER}),
        lambda: Event.from_record({"metric": "m", "profile": MARKER}),
        lambda: Event.from_record({"metric": "m", "profile": {"mail": MARKER}}),
        lambda: Event.from_record({"metric": "m", "profile.mail": MARKER}),
        lambda: Event.from_record({"metric": "m", "profile": MARKER, "profile.email": MARKER}),
        lambda: Event.from_record({"properties": MARKER, "properties.p": MARKER}),
        lambda: Profile(mail=MARKER),  # type: ignore[call-arg]
        lambda: Location(town=MARKER),  # type: ignore[call-arg]
    ],
)
def test_what_can_not_be_read_is_not_quoted(make: Any) -> None:
    """No value of a record of the wrong shape is in the error."""
    with pytest.raises(RecordError) as caught:
        make()

    assert MARKER not in f"{caught.value!r} {caught.value}"
