"""The overlay mends what the generator would get wrong, or says that it can't."""

from collections.abc import Callable

import pytest

from openapi import spec as vendor
from openapi.checkout import Checkout
from openapi.errors import GenerationError
from openapi.overlay import overlaid

Variant = Callable[..., str]


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ("{target: $.info.title, remove: true}", "gives no reason"),
        ("{target: $.info.name, remove: true, description: why}", "changes nothing: the spec has"),
        ("{target: $.info, update: {title: Klaviyo API}, description: why}", "changes nothing"),
        ("{target: info, remove: true, description: why}", "is not an OpenAPI Overlay"),
        ("{aim: $.info, remove: true, description: why}", "is not an OpenAPI Overlay"),
    ],
)
def test_an_action_that_does_nothing(
    checkout: Checkout, received: str, actions: str, said: str
) -> None:
    """An action must have a reason, a target in the spec, and an effect."""
    checkout.overlay.write_text(
        f"overlay: 1.1.0\ninfo: {{title: test, version: 1.0.0}}\nactions:\n  - {actions}\n"
    )

    with pytest.raises(GenerationError, match=said):
        overlaid(vendor.read(received.encode()), checkout.overlay)


@pytest.mark.parametrize(
    ("replacement", "said"),
    [
        (
            ('"unique_id": {', '"unique_id": {"default": "none",'),
            "attributes/unique_id has a default, which the generated client would always send",
        ),
        (
            (
                '"anonymous_id": {',
                '"place": {"$ref": "#/components/schemas/ProfileLocation", '
                '"nullable": true}, "anonymous_id": {',
            ),
            "properties/place says nullable beside",
        ),
    ],
)
def test_what_the_overlay_does_not_mend_yet(
    checkout: Checkout, variant: Variant, replacement: tuple[str, str], said: str
) -> None:
    """A default or an ignored nullable that a new revision brings is an error until mended."""
    with pytest.raises(GenerationError, match=said):
        overlaid(vendor.read(variant(replacement).encode()), checkout.overlay)


def test_the_spec_itself_stays_as_it_is(checkout: Checkout, received: str) -> None:
    """What was read is not changed by overlaying it."""
    spec = vendor.read(received.encode())

    overlaid(spec, checkout.overlay)

    assert spec == vendor.read(received.encode())
