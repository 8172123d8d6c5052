"""The limits of the endpoint, each with the sentence or the source that states it.

What the spec states is read from it at generation; the rest stands here, once.
Documentation means https://developers.klaviyo.com/en/reference/events_api_overview#limitations.
"""

from typing import Final

from klaviyo_bulk_events_api.limits import (
    BURST,
    EARLIEST_YEAR,
    EVENT_PROPERTIES,
    EVENTS_PER_REQUEST,
    METRIC_NAME_LENGTH,
    REQUEST_BYTES,
    REVISION,
    SCOPES,
    SERVER,
    STEADY,
    STRING_BYTES,
    YEARS_AHEAD,
    Limit,
    RateLimit,
)

__all__ = [
    "ARRAY_ITEMS",
    "BURST",
    "EARLIEST_YEAR",
    "EMAIL_LENGTH",
    "EVENTS_PER_REQUEST",
    "EVENT_PROPERTIES",
    "EXTERNAL_ID_LENGTH",
    "LARGEST_INTEGER",
    "METRIC_NAME_LENGTH",
    "NESTING_LEVELS",
    "PROFILE_BYTES",
    "REQUEST_BYTES",
    "REVISION",
    "SCOPES",
    "SERVER",
    "SMALLEST_INTEGER",
    "STEADY",
    "STRING_BYTES",
    "UNIQUE_ID_LENGTH",
    "YEARS_AHEAD",
    "Limit",
    "RateLimit",
]

ARRAY_ITEMS: Final = Limit(4_000, "items", "Documentation: items in an array")
NESTING_LEVELS: Final = Limit(10, "levels", "Documentation: nesting in properties")
LARGEST_INTEGER: Final = Limit(2**63 - 1, "", "Documentation: integers are signed 64-bit")
SMALLEST_INTEGER: Final = Limit(-(2**63), "", "Documentation: integers are signed 64-bit")
UNIQUE_ID_LENGTH: Final = Limit(255, "characters", "Documentation: unique_id, 1 to 255")
PROFILE_BYTES: Final = Limit(95_000, "bytes", "Documentation: a profile object, 95 KB")
EMAIL_LENGTH: Final = Limit(100, "characters", "Documentation: an email address")
EXTERNAL_ID_LENGTH: Final = Limit(255, "characters", "Seen in production code: external_id")
