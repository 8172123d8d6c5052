"""`generated/` holds what the pins make of `openapi/`, to the byte."""

from collections.abc import Callable

import pytest

from openapi.__main__ import main
from openapi.checkout import Checkout
from openapi.drift import drift


def test_no_drift(checkout: Checkout) -> None:
    """What was generated and left alone has no drift, whatever Python cached beside it."""
    cache = checkout.generated / "klaviyo_bulk_events_api" / "__pycache__"
    cache.mkdir()
    (cache / "types.cpython-311.pyc").touch()

    assert drift(checkout) == []


def test_every_file_that_drifts_is_named(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that was edited, is missing or does not belong is named, and so is a wrong SOURCE."""
    package = checkout.generated / "klaviyo_bulk_events_api"
    (package / "limits.py").write_bytes((package / "limits.py").read_bytes() + b"\n")
    (package / "errors.py").unlink()
    (package / "models" / "ours.py").touch()
    (checkout.generated / "another").mkdir()
    (checkout.generated / "another" / "module.py").touch()
    checkout.source.write_text(checkout.source.read_text().replace("sha256 = ", "sha512 = "))

    assert main(["drift"], checkout.root) == 1

    assert capsys.readouterr().err.splitlines() == [
        "generated/another/module.py is not generated",
        "generated/klaviyo_bulk_events_api/errors.py is missing",
        "generated/klaviyo_bulk_events_api/limits.py differs",
        "generated/klaviyo_bulk_events_api/models/ours.py is not generated",
        "openapi/SOURCE.toml differs from what openapi/bulk_create_events.json is",
    ]


def test_an_edited_spec_does_not_fit_its_source(
    checkout: Checkout, variant: Callable[..., str]
) -> None:
    """A byte that is changed in the spec shows against its SHA-256."""
    checkout.spec.write_text(variant(('"Klaviyo API"', '"Klaviyo  API"')))

    assert "openapi/SOURCE.toml differs from what openapi/bulk_create_events.json is" in drift(
        checkout
    )


def test_a_generation_that_was_cut_short_is_drift(checkout: Checkout) -> None:
    """As long as a swap waits to be undone, the checkout can't be told right."""
    (checkout.root / "build" / "regenerate" / "new").mkdir(parents=True)

    assert ["cut short" in fault for fault in drift(checkout)] == [True]
