"""The bytes sent are what the generated models say of the same content."""

import json
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import NULL, Profile
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events_api import models
from klaviyo_bulk_events_api.types import UNSET

from .encoding import attributes, body, encode, encoder, profile_of
from .strategies import event, event_fields, profile

IN_THE_MODELS = {"kx": "field_kx", "zip": "zip_"}
"""What the generator calls fields whose names Python has other uses for."""


def given_or_unset(fields: Mapping[str, Any], name: str, read: Any = lambda value: value) -> Any:
    """What a model is told of a field: nothing, null, or its value."""
    if name not in fields:
        return UNSET
    return None if fields[name] is NULL else read(fields[name])


def meta_model(fields: Mapping[str, Any]) -> Any:
    patches: dict[str, Any] = {}
    identifiers: dict[str, Any] = {}
    for name, model in (
        ("append", models.ProfilePatchAppend),
        ("unappend", models.ProfilePatchUnappend),
    ):
        if name in fields:
            patches[name] = given_or_unset(fields, name, model.from_dict)
    if "unset" in fields:
        patches["unset"] = given_or_unset(fields, "unset")
    if "append_identifiers" in fields:
        identifiers["append"] = models.IdentifierPatchAppend.from_dict(fields["append_identifiers"])
    if "unappend_identifiers" in fields:
        identifiers["unappend"] = models.IdentifierPatchUnappend.from_dict(
            fields["unappend_identifiers"]
        )
    if not (patches or identifiers):
        return UNSET
    return models.ProfileMeta(
        patch_properties=models.ProfilePatch(**patches) if patches else UNSET,
        patch_identifiers=models.IdentifierPatch(**identifiers) if identifiers else UNSET,
    )


def profile_model(fields: Mapping[str, Any]) -> models.ProfileData:
    readers = {
        "location": lambda value: models.ProfileLocation(
            **{IN_THE_MODELS.get(name, name): given_or_unset(value, name) for name in value}
        ),
        "properties": models.ProfileProperties.from_dict,
    }
    names = {field.name for field in attrs.fields(models.ProfileAttributes) if field.init}
    plain = {IN_THE_MODELS.get(name, name): name for name in fields}
    attributes = models.ProfileAttributes(
        **{
            spec: given_or_unset(fields, name, readers.get(name, lambda value: value))
            for spec, name in plain.items()
            if spec in names
        }
    )
    return models.ProfileData(
        type_=models.ProfileType.PROFILE,
        attributes=attributes,
        id=given_or_unset(fields, "id"),
        meta=meta_model(fields),
    )


def event_model(fields: Mapping[str, Any]) -> models.EventData:
    metric = models.MetricAttributes(
        name=fields["metric"], service=given_or_unset(fields, "metric_service")
    )
    data = models.MetricData(type_=models.MetricType.METRIC, attributes=metric)
    attributes = models.EventAttributes(
        properties=models.EventProperties.from_dict(fields.get("properties", {})),
        metric=models.EventMetric(data=data),
        time=fields["time"],
        value=given_or_unset(fields, "value"),
        value_currency=given_or_unset(fields, "value_currency"),
        backfill=fields["backfill"],
        unique_id=fields["unique_id"],
    )
    return models.EventData(type_=models.EventType.EVENT, attributes=attributes)


def job(entries: list[models.ProfileEntry]) -> models.CreateJob:
    return models.CreateJob(
        data=models.CreateJobData(
            type_=models.CreateJobType.EVENT_BULK_CREATE_JOB,
            attributes=models.CreateJobAttributes(
                events_bulk_create=models.CreateJobEntries(data=entries)
            ),
        )
    )


def entry_model(fields: Mapping[str, Any]) -> models.ProfileEntry:
    attributes = models.ProfileEntryAttributes(
        profile=models.ProfileEntryProfile(data=profile_model(fields["profile"])),
        events=models.ProfileEntryEvents(data=[event_model(fields)]),
        backfill=fields["backfill"],
    )
    return models.ProfileEntry(
        type_=models.ProfileEntryType.EVENT_BULK_CREATE, attributes=attributes
    )


@given(event_fields)
def test_bytes_are_what_the_models_say(fields: dict[str, Any]) -> None:
    """An event goes out as the generated models would write it, read from an object or a record."""
    expected = json.loads(json.dumps(job([entry_model(fields)]).to_dict()))

    assert body(encoder(backfill=None).encode(vars(event(fields)))) == expected
    assert body(encoder(backfill=None).encode(fields)) == expected


def unmodelled(model: Any) -> list[str]:
    """What a model holds that the spec does not name, but for what is free by the spec."""
    inner = [getattr(model, field.name) for field in attrs.fields(type(model)) if field.init]
    if not inner:
        return []
    found = list(model.additional_properties)
    for value in inner:
        for part in value if isinstance(value, list) else [value]:
            if attrs.has(type(part)):
                found += unmodelled(part)
    return found


@given(event_fields)
def test_the_spec_names_all_that_is_sent(fields: dict[str, Any]) -> None:
    """Read back by the generated models, a request holds nothing that the spec does not name."""
    sent = body(encoder(backfill=None).encode(vars(event(fields))))
    read = models.CreateJob.from_dict(sent)

    assert unmodelled(read) == []
    assert read.to_dict() == sent


@given(st.lists(event_fields, min_size=1, max_size=4))
def test_events_do_not_depend_on_those_before(several: list[dict[str, Any]]) -> None:
    """An encoder that has met other events says of each what a fresh one says."""
    used = encoder(backfill=None)

    for fields in several:
        for said in (vars(event(fields)), fields):
            assert facts(used.encode(said)) == facts(encoder(backfill=None).encode(said))


def facts(encoded: EncodedEvent) -> tuple[Any, ...]:
    return encoded.opening, encoded.data, encoded.key, encoded.warnings


@pytest.mark.parametrize("name", ["value", "value_currency"])
def test_none_is_left_out_and_null_is_sent(name: str) -> None:
    """A field that is None is not in the bytes; NULL is null there."""
    assert name not in attributes(**{name: None})
    assert attributes(**{name: NULL})[name] is None


@pytest.mark.parametrize(
    "name",
    [
        "phone_number",
        "external_id",
        "anonymous_id",
        "first_name",
        "image",
        "location",
        "properties",
    ],
)
def test_a_profile_none_is_left_out_and_null_is_sent(name: str) -> None:
    """The same is true of a profile's fields."""
    unsaid = profile({"email": "a@b.co", name: None})
    null = profile({"email": "a@b.co", name: NULL})

    assert profile_of(encode(profile=unsaid))["attributes"] == {"email": "a@b.co"}
    assert profile_of(encode(profile=null))["attributes"] == {"email": "a@b.co", name: None}


def test_kx_and_id_go_where_the_spec_has_them() -> None:
    """`kx` is `_kx` in the attributes, `id` stands beside them."""
    by_id = profile_of(encode(profile=Profile(id="01H", kx="exchange")))
    by_email = profile_of(encode(profile=Profile(email="a@b.co", kx="exchange")))

    assert (by_id["id"], by_id["attributes"]) == ("01H", {"_kx": "exchange"})
    assert by_email["attributes"] == {"email": "a@b.co", "_kx": "exchange"}


def test_patches_go_into_the_meta() -> None:
    """Patches of properties and identifiers go out as the spec has them."""
    patched = Profile(
        email="a@b.co",
        append={"skus": "1"},
        unappend={"skus": ["2"]},
        unset=["old"],
        append_identifiers={"email": ["c@d.co"]},
        unappend_identifiers={"email": ["e@f.co"]},
    )

    assert profile_of(encode(profile=patched))["meta"] == {
        "patch_properties": {
            "append": {"skus": "1"},
            "unappend": {"skus": ["2"]},
            "unset": ["old"],
        },
        "patch_identifiers": {"append": {"email": ["c@d.co"]}, "unappend": {"email": ["e@f.co"]}},
    }


def test_identifiers_alone() -> None:
    """With profile_updates false only what names the profile goes out."""
    rich = Profile(
        email="a@b.co", id="01H", kx="k", first_name="Sarah", properties={"p": 1}, unset="q"
    )
    sent = profile_of(encode(intake={"profile_updates": False}, profile=rich))

    assert sent == {
        "type": "profile",
        "id": "01H",
        "attributes": {"email": "a@b.co", "_kx": "k"},
    }


def test_a_time_that_can_go_out_is_left_as_it_is() -> None:
    """A text in the form of RFC 3339 is sent as it was given."""
    assert attributes(time="2026-01-02T03:04:05.5+01:00")["time"] == "2026-01-02T03:04:05.5+01:00"


def test_no_time_is_now() -> None:
    """An event without a time is stamped with the clock's."""
    assert encode(time=None).time == "2026-05-05T12:00:00+00:00"
