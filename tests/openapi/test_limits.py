"""Every limit is found, and the spec does not contradict itself about it."""

import re
from collections.abc import Callable

import pytest

from openapi import limits
from openapi import spec as vendor
from openapi.errors import GenerationError

Variant = Callable[..., str]

SAID_ONCE = [
    "up to 1,000 events per request",
    "must not exceed 400 properties",
    "less than 128 characters",
    "after the year 2000",
    "up to 1 year in the future",
    "https://a.klaviyo.com",
]
SAID_TWICE = [
    ("payload size is 5MB", "payload size is 4MB", "must not exceed 5 MB"),
    ("string cannot exceed 100KB", "string cannot exceed 90KB", "larger than 100 KB"),
    ("Burst: `10/s`", "Burst: `11/s`", '"burst": "10/s"'),
    ("Steady: `150/m`", "Steady: `150/h`", '"steady": "150/m"'),
    ("\\n`events:write`", "\\n`events:read`", '["events:write"]'),
    ('"version": "2026-04-15"', '"version": "2026-07-15"', "2026-04-15"),
]


def read(text: str) -> limits.Limits:
    """The limits of a variant of the spec."""
    return limits.read(vendor.read(text.encode()))


@pytest.mark.parametrize("said", [*SAID_ONCE, *(first for first, _, _ in SAID_TWICE)])
def test_no_sentence_may_be_missing(variant: Variant, said: str) -> None:
    """Every sentence that says a limit is needed, wherever else it may be said."""
    with pytest.raises(GenerationError, match="gone or reads differently"):
        read(variant((said, "ask us" if not said.startswith('"') else '"version": ""')))


def test_a_header_that_is_only_referred_to(variant: Variant) -> None:
    """A revision that the header does not say itself is missing too."""
    header = '{"$ref": "#/components/parameters/Revision"},'
    found = variant(
        ('"parameters": [', f'"parameters": [{header}'),
        ('"name": "revision"', '"name": "version"'),
        (
            '"components": {',
            '"components": {"parameters": {"Revision": {"name": "revision", '
            '"in": "header", "schema": {"type": "string", "default": "2026-04-15"}}},',
        ),
    )

    with pytest.raises(GenerationError, match="in: the default of the header revision"):
        read(found)


@pytest.mark.parametrize(("first", "changed", "second"), SAID_TWICE)
def test_what_is_said_twice_must_agree(
    variant: Variant, first: str, changed: str, second: str
) -> None:
    """A contradiction stops the generation, and the error quotes both."""
    with pytest.raises(GenerationError, match="contradicts itself") as raised:
        read(variant((first, changed)))

    assert re.sub(r'^\\n|"version": "|"$', "", changed) in str(raised.value)
    assert second in str(raised.value)
