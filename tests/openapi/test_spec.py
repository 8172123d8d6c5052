"""The spec is read leniently and written strictly."""

import json
from collections.abc import Callable

import pytest

from openapi import spec as vendor
from openapi.errors import GenerationError


def test_raw_newlines_are_read_and_written_as_escapes(received: str) -> None:
    """Klaviyo's strings with raw newlines mean the same once they are written strictly."""
    with pytest.raises(json.JSONDecodeError):
        json.loads(received)

    written = vendor.write(vendor.read(received.encode()))

    assert json.loads(written) == json.loads(received, strict=False)


@pytest.mark.parametrize(
    ("received", "said"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not a document of OpenAPI 3.0"),
        (b'{"openapi": "3.1.0"}', "not a document of OpenAPI 3.0"),
        (b'{"openapi": "3.0.2", "paths": {}}', r"wrong at \$: 'info' is a required property"),
    ],
)
def test_what_is_no_spec(received: bytes, said: str) -> None:
    """What can't be Klaviyo's spec is refused at once."""
    with pytest.raises(GenerationError, match=said):
        vendor.read(received)


def test_a_reference_to_nothing(variant: Callable[..., str]) -> None:
    """A reference that leads nowhere is named."""
    with pytest.raises(GenerationError, match="refers to /components/schemas/MetricEnums"):
        vendor.read(variant(("schemas/MetricEnum", "schemas/MetricEnums")).encode())


@pytest.mark.parametrize(
    "paths", [{}, {"/a": {"get": {"responses": {}}}, "/b": {"get": {"responses": {}}}}]
)
def test_another_number_of_operations(paths: vendor.Json) -> None:
    """A spec with no operation, or several, is another API's."""
    with pytest.raises(GenerationError, match=f"it has {len(paths)}"):
        vendor.operation({"paths": paths})
