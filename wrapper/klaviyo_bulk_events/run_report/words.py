"""Numbers, times and codes in words that need no explanation."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

STATUSES: Final = {
    "accepted": ("Accepted", "Klaviyo took them. They show up in the account within minutes."),
    "duplicate": (
        "Duplicate",
        "They were given more than once, or were in Klaviyo before. They count once.",
    ),
    "rejected": (
        "Rejected",
        "They break a rule, or were refused with some that do, and were not recorded. The reasons "
        "stand below.",
    ),
    "unknown": (
        "Unknown",
        "They were sent, and no answer says whether Klaviyo has them. {again} settles it for those "
        "with a unique_id.",
    ),
    "unsent": (
        "Not sent",
        "They were not sent, or certainly not processed. {again} sends them.",
    ),
    "in_flight": ("Under way", "They are being sent, and their answers are still to come."),
}
"""What became of events: a name, and what it means; `{again}` is what `again` says."""

PLANNED: Final = {
    "accepted": ("Ready", "They are in order and would be sent."),
    "duplicate": ("Duplicate", "They repeat an earlier record and would not be sent again."),
    "rejected": ("Rejected", "They break a rule and would not be sent. The reasons stand below."),
}

COSTS: Final = {
    "requests": (
        "Requests",
        "Attempts to send Klaviyo a message, answered or not; each carries up to 1,000 events.",
    ),
    "retries": (
        "Retries",
        "Those that were another attempt, after a fault, no answer or an answer 429.",
    ),
    "narrowing": (
        "After refusals",
        "Smaller requests made of one that Klaviyo refused, to find which events were wrong, or "
        "without those.",
    ),
    "throttled": (
        "Slowed down",
        "Attempts that Klaviyo put off because too many came (answer 429).",
    ),
    "bytes": ("Data", "What all attempts held together."),
    "seconds": ("Time", "From the start of the run to its end, all sessions together."),
}

CODES: Final = {
    "missing_identifier": "Nobody is named: no e-mail address, phone number or customer id",
    "missing_field": "A field that every event needs is missing",
    "missing_time": "It is not said when it happened",
    "naive_time": "The time is given without its time zone",
    "time_out_of_range": "The time is too early or too late for Klaviyo",
    "invalid_email": "The e-mail address is none",
    "email_too_long": "The e-mail address is too long",
    "invalid_phone_number": "The phone number is not written as Klaviyo wants it",
    "key_conflict": "Two different events have the same key, so only one can be kept",
    "unknown_field": "A column or field has a name that means nothing here",
    "wrong_type": "A value is of the wrong kind, such as text where a number belongs",
    "event_too_large": "The event is larger than Klaviyo takes",
    "too_many_properties": "The event has more properties than Klaviyo takes",
    "string_too_long": "A text is longer than Klaviyo takes",
    "metric_not_allowed": "The kind of event (metric) is not among those that were allowed",
    "backfill_unsaid": "It is not said whether the event may start flows (e-mails)",
    "backfill_contradicted": "The event says otherwise than the import about starting flows",
    "forgotten": "Its customer was forgotten: it was not sent",
    "forgotten_in_flight": "Its customer was forgotten while it was sent: Klaviyo may have it",
    "refused_together": "Klaviyo refused a group of events without saying which one is wrong",
    "source_broken_off": "The source could not be read to its end",
    "ignored_value": "Klaviyo ignores a value of 0, null (nothing) or empty text as if not given",
    "test_address": "A test address (example.com, test.com): Klaviyo drops the event silently",
    "profile_overwritten": "Old customer details may overwrite newer ones",
    "looks_like_a_float": "A customer or order number ends in .0, which is another one to Klaviyo",
    "no_answer": "No answer came that settles it",
    "not_sent": "It was not sent, or not processed",
    "in_flight": "It was under way when the run ended",
    "broken_off": "It was under way when the run was broken off",
}
"""What a reason's code means, for the common ones; of others the first example tells."""

SETTINGS: Final = {
    "source": "Read from",
    "sql": "Read by a query (SQL)",
    "backfill": "History: starts no flows",
    "trigger_flows": "New events: may start flows",
    "metric": "Kind of event (metric)",
    "timezone": "Zone of times without one",
    "rate": "At most",
    "share": "Part of the limit used",
    "base_url": "Sent to",
    "limit": "Only the first records",
    "max_in_flight": "Requests at once, at most",
    "attach": "Database",
    "form": "Form of the source",
    "allow_metric": "Only these metrics",
    "unix_time": "Numbers are times in Unix seconds",
    "stamp_now": "What has no time happened now",
    "unique_id_from": "Key of an event made of",
    "window": "Latest events in which repeats are found",
    "nulls": "Nulls are sent, and clear fields",
    "no_profile_updates": "Customers' details are left as they are",
    "rest_as_properties": "Other columns become properties",
    "mappings": "Columns mapped",
    "map_file": "Columns mapped by",
    "account_column": "Column of the account",
    "limiter": "Limits shared through",
    "timeout": "Seconds that an attempt may take",
    "deadline": "Seconds for which a request is tried",
    "wait_for_outage": "Seconds for which an outage is waited out",
    "narrowing_budget": "Requests that may go into finding a faulty event",
}
"""Options by name, where their names alone don't say it."""

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_SIZES: Final = (("kB", 1e3), ("MB", 1e6), ("GB", 1e9))
_SPANS: Final = (
    (("min", 60, 3_600), ("s", 1)),
    (("h", 3_600, 172_800), ("min", 60)),
    (("days", 86_400, float("inf")), ("h", 3_600)),
)
"""Units, how many seconds each has, and below how many it is used, with the lesser one beside."""


def reason(code: str) -> str | None:
    """What a code means, if that is known."""
    return CODES.get(code)


def again(settings: Mapping[str, Any]) -> str:
    """What to do about events that can be sent again.

    Times made anew make other events of them, unless a journal knows what was sent before.
    """
    if settings.get("stamp_now") and not settings.get("journal"):
        return "Sending the file of rejects (not the same import again, which would count twice)"
    return "Running the same import again"


def number(value: float) -> str:
    """A number with its thousands apart."""
    return f"{value:,}" if isinstance(value, int) or value.is_integer() else f"{value:,.1f}"


def size(count: int) -> str:
    """Bytes as a reader would say them."""
    if count < 1_000:
        return f"{count:,} bytes"
    unit, each = next((pair for pair in _SIZES if count < pair[1] * 1_000), _SIZES[-1])
    return f"{count / each:,.1f} {unit}"


def duration(seconds: float) -> str:
    """Seconds as a reader would say them: `40 s`, `3 min 20 s`, `2 h 5 min`, `2 days 4 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    greater, lesser = next(pair for pair in _SPANS if whole < pair[0][2])
    many, rest = divmod(whole, greater[1])
    more = rest // lesser[1]
    return f"{many:,} {greater[0]}" + (f" {more} {lesser[0]}" if more else "")


def moment(unix: float) -> str:
    """A time of day with its date, in UTC."""
    then = datetime.fromtimestamp(unix, UTC)
    return f"{then.day} {_MONTHS[then.month - 1]} {then:%Y, %H:%M} UTC"


def limit(given: Mapping[str, Any]) -> str:
    """A rate limit: `150 requests a minute`."""
    units = {1: "a second", 60: "a minute", 3600: "an hour"}
    every = units.get(given["seconds"], f"in {given['seconds']:g} s")
    noun = "request" if given["requests"] == 1 else "requests"
    return f"{given['requests']:,} {noun} {every}"
