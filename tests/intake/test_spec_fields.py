"""The record classes say everything that the spec's schemas hold, and nothing else."""

from typing import Any

import attrs
import pytest

from klaviyo_bulk_events import Event, Location, Profile
from klaviyo_bulk_events_api import models

Place = tuple[type, str]

SAID_BY: dict[type, dict[str, Place]] = {
    models.ProfileEntryAttributes: {
        "profile": (Event, "profile"),
        "events": (Event, "properties"),
        "backfill": (Event, "backfill"),
    },
    models.EventAttributes: {
        "properties": (Event, "properties"),
        "metric": (Event, "metric"),
        "time": (Event, "time"),
        "value": (Event, "value"),
        "value_currency": (Event, "value_currency"),
        "backfill": (Event, "backfill"),
        "unique_id": (Event, "unique_id"),
    },
    models.MetricAttributes: {
        "name": (Event, "metric"),
        "service": (Event, "metric_service"),
    },
    models.ProfileData: {
        "type_": (Event, "profile"),
        "attributes": (Event, "profile"),
        "id": (Profile, "id"),
        "meta": (Profile, "meta"),
    },
    models.ProfileAttributes: {
        "email": (Profile, "email"),
        "phone_number": (Profile, "phone_number"),
        "external_id": (Profile, "external_id"),
        "anonymous_id": (Profile, "anonymous_id"),
        "field_kx": (Profile, "kx"),
        "first_name": (Profile, "first_name"),
        "last_name": (Profile, "last_name"),
        "organization": (Profile, "organization"),
        "locale": (Profile, "locale"),
        "title": (Profile, "title"),
        "image": (Profile, "image"),
        "location": (Profile, "location"),
        "properties": (Profile, "properties"),
    },
    models.ProfileMeta: {
        "patch_properties": (Profile, "patch_properties"),
        "patch_identifiers": (Profile, "patch_identifiers"),
    },
    models.ProfilePatch: {
        "append": (Profile, "append"),
        "unappend": (Profile, "unappend"),
        "unset": (Profile, "unset"),
    },
    models.IdentifierPatch: {
        "append": (Profile, "append_identifiers"),
        "unappend": (Profile, "unappend_identifiers"),
    },
    models.ProfileLocation: {
        "address1": (Location, "address1"),
        "address2": (Location, "address2"),
        "city": (Location, "city"),
        "country": (Location, "country"),
        "latitude": (Location, "latitude"),
        "longitude": (Location, "longitude"),
        "region": (Location, "region"),
        "zip_": (Location, "zip"),
        "timezone": (Location, "timezone"),
        "ip": (Location, "ip"),
    },
}


def names(cls: Any) -> set[str]:
    return {field.name for field in attrs.fields(cls) if field.name != "additional_properties"}


def difference(model: type) -> str:
    """What has come into the spec or gone out of it, and who must follow; empty if nothing."""
    said, spec = SAID_BY[model], names(model)
    classes = sorted({cls.__name__ for cls, _ in said.values()})
    return " ".join(
        f"{model.__name__} of the spec has {verb} {name!r}: "
        f"klaviyo_bulk_events.records.{' or '.join(classes)} must follow, and this table."
        for verb, changed in (("gained", spec - said.keys()), ("lost", said.keys() - spec))
        for name in sorted(changed)
    )


@pytest.mark.parametrize("model", SAID_BY, ids=lambda model: model.__name__)
def test_every_field_of_the_spec_can_be_said(model: type) -> None:
    """A field that the spec gains or loses is named, with the record class that must follow."""
    assert not difference(model), difference(model)


@pytest.mark.parametrize(
    ("model", "changed", "sentence"),
    [
        (models.ProfileLocation, {"planet": (Location, "planet")}, "lost 'planet'"),
        (models.MetricAttributes, None, "gained 'name'"),
    ],
)
def test_the_sentence_names_the_record_class(
    model: type,
    changed: dict[str, Place] | None,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever takes a new revision is told what changed and where to go."""
    said = dict(SAID_BY[model])
    if changed is None:
        said.pop("name")
    monkeypatch.setitem(SAID_BY, model, {**said, **(changed or {})})
    record = next(iter(said.values()))[0].__name__

    assert sentence in difference(model)
    assert f"records.{record} must follow" in difference(model)


def test_no_field_of_a_record_is_without_place_in_the_spec() -> None:
    """Every field of the record classes stands for one of the spec's."""
    said = {place for places in SAID_BY.values() for place in places.values()}

    assert said == {(cls, name) for cls in (Event, Profile, Location) for name in names(cls)}
