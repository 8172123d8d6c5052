"""How those who wait for a shared place are known to be alive."""

from typing import Final

SEAT_SECONDS: Final = 3.0
"""How long who waits keeps a place in the line after last asking: one who died holds up nobody."""
HEARTBEAT: Final = 1.0
"""Seconds within which who waits asks again, so that neither a slow turn nor a lost one counts."""
