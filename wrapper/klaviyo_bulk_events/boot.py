"""What tells this start of the host, and so its monotonic clock, from others."""

from pathlib import Path
from typing import Final

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str | None:
    """A text that no other start of a host has; None where the system has no such thing."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return None
