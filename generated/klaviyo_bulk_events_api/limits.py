"""What the spec says in numbers, each with the sentence that says it."""

from typing import Final, NamedTuple


class Limit(NamedTuple):
    """The value that still goes, its unit, and the spec's sentence."""

    value: int
    unit: str
    sentence: str


class RateLimit(NamedTuple):
    """At most `limit` requests in `seconds`, and the spec's sentence."""

    limit: int
    seconds: float
    sentence: str


REVISION: Final = "2026-04-15"
SERVER: Final = "https://a.klaviyo.com"
SCOPES: Final = ("events:write",)
EVENTS_PER_REQUEST: Final = Limit(
    1000, "events", "Accepts up to 1,000 events per request."
)
REQUEST_BYTES: Final = Limit(
    5_000_000, "bytes", "The maximum allowed payload size is 5MB."
)
STRING_BYTES: Final = Limit(100_000, "bytes", "A single string cannot exceed 100KB.")
EVENT_PROPERTIES: Final = Limit(
    400, "properties", "Properties of this event (must not exceed 400 properties)."
)
METRIC_NAME_LENGTH: Final = Limit(
    127, "characters", "Must be less than 128 characters."
)
EARLIEST_YEAR: Final = Limit(
    2001,
    "year",
    "The time must be after the year 2000 and can only be up to 1 year in the future.",
)
YEARS_AHEAD: Final = Limit(
    1,
    "years",
    "The time must be after the year 2000 and can only be up to 1 year in the future.",
)
BURST: Final = RateLimit(10, 1.0, "Burst: `10/s`")
STEADY: Final = RateLimit(150, 60.0, "Steady: `150/m`")
