"""Whatever Klaviyo changes gives a whole new client or one clear error."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from openapi import spec as vendor
from openapi.checkout import SPEC, Checkout
from openapi.drift import drift
from openapi.errors import GenerationError
from openapi.regenerate import regenerate

Variant = Callable[..., str]
Evaluate = Callable[[Checkout, str], Any]
Files = Callable[[], dict[str, bytes]]

EVENT_FIELDS = "[field.name for field in attrs.fields(models.EventAttributes)]"


def taken_in(checkout: Checkout, text: str) -> list[str]:
    """Regenerate from a variant; what changed, in lines."""
    return [str(change) for change in regenerate(checkout, text.encode())]


@pytest.mark.parametrize(
    ("replacements", "expression", "value", "line"),
    [
        pytest.param(
            [("2026-04-15", "2026-07-15")],
            "[limits.REVISION, inspect.signature(endpoint.sync).parameters['revision'].default]",
            ["2026-07-15", "2026-07-15"],
            "ok        revision  REVISION 2026-04-15 -> 2026-07-15",
            id="another revision date",
        ),
        pytest.param(
            [("400 properties", "300 properties")],
            "limits.EVENT_PROPERTIES",
            [300, "properties", "Properties of this event (must not exceed 300 properties)."],
            "BREAKING  limit     EVENT_PROPERTIES 400 -> 300",
            id="300 properties",
        ),
        pytest.param(
            [("150/m", "300/m")],
            "limits.STEADY",
            [300, 60.0, "Steady: `300/m`"],
            "ok        rate      STEADY 150 in 60 s -> 300 in 60 s",
            id="another rate",
        ),
        pytest.param(
            [("after the year 2000", "after the year 2010")],
            "limits.EARLIEST_YEAR[:2]",
            [2011, "year"],
            "BREAKING  limit     EARLIEST_YEAR 2001 -> 2011",
            id="another year",
        ),
    ],
)
def test_changed_numbers_reach_the_client(
    checkout: Checkout,
    variant: Variant,
    evaluate: Evaluate,
    replacements: list[tuple[str, str]],
    expression: str,
    value: object,
    line: str,
) -> None:
    """A changed number is in the client and in the list of changes, with no hand edit."""
    text = variant(*replacements)

    lines = taken_in(checkout, text)

    assert line in lines
    assert evaluate(checkout, expression) == value
    assert checkout.spec.read_text(encoding="utf-8") == text


def test_a_new_optional_attribute_becomes_a_field(
    checkout: Checkout, variant: Variant, evaluate: Evaluate
) -> None:
    """An attribute that Klaviyo adds is a field of the model, and breaks nothing."""
    added = '"channel": {"type": "string", "nullable": true},\n"unique_id": {'

    lines = taken_in(checkout, variant(('"unique_id": {', added)))

    assert len(lines) == 1
    assert lines[0].startswith("ok        field     /data/")
    assert lines[0].endswith("/channel added, optional, null or string")
    assert "channel" in evaluate(checkout, EVENT_FIELDS)


def test_an_attribute_that_is_gone_is_no_field_any_more(
    checkout: Checkout, received: str, evaluate: Evaluate
) -> None:
    """An attribute that Klaviyo drops is dropped from the model, and breaks senders."""
    spec = vendor.read(received.encode())
    event = spec["components"]["schemas"]["BaseEventCreateQueryBulkEntryResourceObject"]
    del event["properties"]["attributes"]["properties"]["value_currency"]

    lines = taken_in(checkout, vendor.write(spec))

    assert len(lines) == 1
    assert lines[0].startswith("BREAKING  field     /data/")
    assert lines[0].endswith("/value_currency removed")
    assert "value_currency" not in evaluate(checkout, EVENT_FIELDS)


def test_strict_json_gives_the_same_client(checkout: Checkout, received: str, files: Files) -> None:
    """A spec without raw newlines changes nothing but the copy of it and its hash."""
    before = files()

    lines = taken_in(checkout, json.dumps(json.loads(received, strict=False)))

    assert lines == []
    after = files()
    assert {path for path in before | after if before.get(path) != after.get(path)} == {
        "openapi/SOURCE.toml",
        SPEC,
    }
    assert drift(checkout) == []


def test_a_part_that_every_request_needs_must_be_known(
    checkout: Checkout, received: str, files: Files
) -> None:
    """What Klaviyo requires from now on nobody would send: it is named before anything changes."""
    spec = vendor.read(received.encode())
    metric = spec["components"]["schemas"]["MetricCreateQueryResourceObject"]
    metric["properties"]["attributes"]["required"].append("service")
    before = files()

    with pytest.raises(GenerationError, match=r"openapi/parts_module.py.*adapt it.*'service'"):
        regenerate(checkout, vendor.write(spec).encode())

    assert files() == before


@pytest.mark.parametrize(
    ("replacements", "said"),
    [
        pytest.param(
            [("ProfileMetaPatchProperties", "PatchProperties")],
            ["changes nothing", "$.components.schemas.ProfileMetaPatchProperties"],
            id="a renamed schema",
        ),
        pytest.param(
            [(" A single string cannot exceed 100KB.", "")],
            ["A single string cannot exceed {STRING_BYTES:size}.", "in: the operation"],
            id="a limit's sentence gone",
        ),
        pytest.param(
            [('"patch_identifiers"', '"patch_identities"')],
            ["changes nothing", "OnsiteProfileMeta.properties.patch_identifiers"],
            id="an overlay target gone",
        ),
        pytest.param(
            [
                (
                    'json": {\n"schema": {\n"$ref": "#/components/schemas/EventsBulkCreateJob"',
                    'xml": {\n"schema": {\n"$ref": "#/components/schemas/EventsBulkCreateJob"',
                )
            ],
            ["Endpoint will not be generated", "Unsupported content type"],
            id="the only endpoint skipped by the generator",
        ),
        pytest.param(
            [('"openapi": "3.0.2"', '"openapi": "3.0.2')],
            ["the spec is not JSON"],
            id="not JSON",
        ),
    ],
)
def test_what_cannot_be_generated_leaves_the_checkout_alone(
    checkout: Checkout,
    variant: Variant,
    files: Files,
    replacements: list[tuple[str, str]],
    said: list[str],
) -> None:
    """One error says what is wrong with the spec, and no file was touched."""
    before = files()

    with pytest.raises(GenerationError) as raised:
        regenerate(checkout, variant(*replacements).encode())

    assert all(part in str(raised.value) for part in said)
    assert files() == before
