"""The generated client has the names, the freedoms and the numbers that are meant."""

from collections.abc import Callable
from typing import Any

import pytest

from openapi.checkout import Checkout

Evaluate = Callable[[Checkout, str], Any]


def test_names(generated: Checkout, evaluate: Evaluate) -> None:
    """The models are called by these names, whatever Klaviyo calls the schemas."""
    assert evaluate(generated, "sorted(models.__all__)") == [
        "CreateJob",
        "CreateJobAttributes",
        "CreateJobData",
        "CreateJobEntries",
        "CreateJobType",
        "ErrorDocument",
        "ErrorItem",
        "ErrorSource",
        "EventAttributes",
        "EventData",
        "EventMetric",
        "EventProperties",
        "EventType",
        "IdentifierPatch",
        "IdentifierPatchAppend",
        "IdentifierPatchUnappend",
        "MetricAttributes",
        "MetricData",
        "MetricType",
        "ProfileAttributes",
        "ProfileData",
        "ProfileEntry",
        "ProfileEntryAttributes",
        "ProfileEntryEvents",
        "ProfileEntryProfile",
        "ProfileEntryType",
        "ProfileLocation",
        "ProfileMeta",
        "ProfilePatch",
        "ProfilePatchAppend",
        "ProfilePatchUnappend",
        "ProfileProperties",
        "ProfileType",
    ]


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("ProfileAttributes", "location"),
        ("ProfileData", "meta"),
        ("ProfileMeta", "patch_properties"),
        ("ProfileMeta", "patch_identifiers"),
    ],
)
def test_null_beside_a_reference(
    generated: Checkout, evaluate: Evaluate, model: str, field: str
) -> None:
    """What the spec calls nullable beside a reference can be None, and is left out if unset."""
    annotation = evaluate(generated, f"attrs.fields(models.{model}).{field}.type")

    assert {"None", "Unset"} < set(annotation.split(" | "))


@pytest.mark.parametrize("model", ["EventAttributes", "ProfileEntryAttributes"])
def test_backfill_is_not_sent_unless_said(
    generated: Checkout, evaluate: Evaluate, model: str
) -> None:
    """No default stands in for a backfill that was not given."""
    assert evaluate(generated, f"repr(attrs.fields(models.{model}).backfill.default)").startswith(
        "<klaviyo_bulk_events_api.types.Unset"
    )


def test_the_limits(generated: Checkout, evaluate: Evaluate) -> None:
    """The numbers of the spec stand in one module with their sentences."""
    script = "{name: value for name, value in vars(limits).items() if name.isupper()}"
    ahead = "The time must be after the year 2000 and can only be up to 1 year in the future."

    assert evaluate(generated, script) == {
        "REVISION": "2026-04-15",
        "SERVER": "https://a.klaviyo.com",
        "SCOPES": ["events:write"],
        "EVENTS_PER_REQUEST": [1000, "events", "Accepts up to 1,000 events per request."],
        "REQUEST_BYTES": [5_000_000, "bytes", "The maximum allowed payload size is 5MB."],
        "STRING_BYTES": [100_000, "bytes", "A single string cannot exceed 100KB."],
        "EVENT_PROPERTIES": [
            400,
            "properties",
            "Properties of this event (must not exceed 400 properties).",
        ],
        "METRIC_NAME_LENGTH": [127, "characters", "Must be less than 128 characters."],
        "EARLIEST_YEAR": [2001, "year", ahead],
        "YEARS_AHEAD": [1, "years", ahead],
        "BURST": [10, 1.0, "Burst: `10/s`"],
        "STEADY": [150, 60.0, "Steady: `150/m`"],
    }
