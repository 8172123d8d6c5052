"""`SOURCE.toml`: the address, the revision and the SHA-256 of the spec as received."""

import hashlib

from openapi import limits
from openapi import spec as vendor

# Klaviyo's spec names this address itself, at the end of the operation's description.
_ADDRESS = (
    "https://raw.githubusercontent.com/klaviyo/openapi/main/openapi/stable/apis/"
    "bulk_create_events.json"
)


def source(received: bytes) -> str:
    """What `SOURCE.toml` says of a spec."""
    revision = limits.read(vendor.read(received))["REVISION"].value
    return (
        "# Where bulk_create_events.json came from. `nox -s generate -- NEW_SPEC` writes this.\n"
        f'address = "{_ADDRESS}"\n'
        f'revision = "{revision}"\n'
        f'sha256 = "{hashlib.sha256(received).hexdigest()}"\n'
    )
