"""What came back from an attempt, read tolerantly."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple, TypeAlias

import orjson
from attrs import field, frozen

LONGEST_TEXT: Final = 2_000
"""Characters kept of any text in an error: a server's words end up in reports."""

_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII).fullmatch
_POLICY: Final = re.compile(r"\s*(\d{1,9})\s*;\s*w=(\d{1,9}(?:\.\d{1,9})?)\s*", re.ASCII).fullmatch


@frozen
class ApiError:
    """One error object of a JSON:API error document."""

    id: str
    code: str
    # Klaviyo's words may quote a customer.
    title: str = field(repr=False)
    detail: str = field(repr=False)
    pointer: str

    @property
    def is_repeat(self) -> bool:
        """Whether it says that an event was there already."""
        return self.pointer.endswith("unique_id") or (
            "duplicate" in self.code and self.code != "duplicate_profile"
        )


class Allowance(NamedTuple):
    """What an answer says of a rate limit: so many more of `limit` in this window of `seconds`."""

    limit: int
    remaining: int
    seconds: float


class Answer(NamedTuple):
    """A complete answer. `errors` is None where the body is no JSON:API error document."""

    status: int
    retry_after: float | None
    errors: tuple[ApiError, ...] | None
    allowance: Allowance | None = None

    def __str__(self) -> str:
        named = ", ".join(f"{e.code} {e.id}" for e in (self.errors or ())[:3])
        return f"HTTP {self.status}" + (f" ({named})" if named else "")


class NoAnswer(NamedTuple):
    """No complete answer came. `written`: the server may have the request all the same."""

    reason: str
    written: bool

    def __str__(self) -> str:
        return self.reason


Reply: TypeAlias = Answer | NoAnswer


def read_answer(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Answer:
    """Make an answer of what was received; whatever can't be read counts as absent."""
    retry_after = read_retry_after(headers.get("retry-after"), now)
    errors = read_errors(body) if status >= 400 else None
    return Answer(status, retry_after, errors, read_allowance(headers))


def read_retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds to wait, from seconds or an HTTP date; None if there is no such thing."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 16:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def read_allowance(headers: Mapping[str, str]) -> Allowance | None:
    """What is left of a rate limit; None if that is not said, or not of which window.

    `RateLimit-Limit: 10, 10;w=1, 150;w=60` names the limit that `RateLimit-Remaining` is about, and
    then all limits with their windows in seconds.
    """
    limit, *policies = headers.get("ratelimit-limit", "")[:LONGEST_TEXT].split(",")
    remaining = headers.get("ratelimit-remaining", "").strip()
    windows = [found for text in policies if (found := _POLICY(text)) and found[1] == limit.strip()]
    if len(windows) != 1 or _COUNT(remaining) is None:
        return None
    return Allowance(int(windows[0][1]), int(remaining), float(windows[0][2]))


def read_errors(body: bytes) -> tuple[ApiError, ...] | None:
    """The errors of a JSON:API error document; None if the body is none."""
    try:
        document = orjson.loads(body)
    except ValueError:  # orjson.JSONDecodeError is one
        return None
    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list) or not errors:
        return None
    return tuple(_error(error) for error in errors if isinstance(error, dict)) or None


def _error(error: dict[str, Any]) -> ApiError:
    source = error.get("source")
    pointer = source.get("pointer") if isinstance(source, dict) else None
    texts = {name: _text(error.get(name)) for name in ("id", "code", "title", "detail")}
    return ApiError(**texts, pointer=_text(pointer))


def _text(value: object) -> str:
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""
