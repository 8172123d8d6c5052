"""Make `generated/` anew, from the spec in the checkout or from a new one."""

from pathlib import Path
from tempfile import TemporaryDirectory

from openapi import spec as vendor
from openapi.change import Change
from openapi.changes import changes
from openapi.checkout import GENERATED, SOURCE, SPEC, WRITTEN, Checkout
from openapi.generator import generate
from openapi.source import source
from openapi.swap import recover, swap


def regenerate(checkout: Checkout, received: bytes | None = None) -> list[Change]:
    """Put a received spec and all that follows from it into the checkout; say what changed.

    Whatever can fail is done in a temporary folder first: after an error the checkout is as it was.
    """
    recover(checkout.root, WRITTEN)
    former = checkout.spec.read_bytes()
    received = former if received is None else received
    with TemporaryDirectory() as folder:
        fresh = Path(folder)
        make(checkout, received, fresh)
        changed = changes(vendor.read(former), vendor.read(received))
        swap(checkout.root, fresh, WRITTEN)
    return changed


def make(checkout: Checkout, received: bytes, into: Path) -> None:
    """Write spec, source and generated tree of a received spec below an empty folder."""
    (into / SPEC).parent.mkdir()
    (into / SPEC).write_bytes(received)
    (into / SOURCE).write_text(source(received), encoding="utf-8")
    generate(vendor.read(received), checkout.overlay, checkout.config, into / GENERATED)
