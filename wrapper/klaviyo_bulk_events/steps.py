"""What a delivery asks of its driver, and what it tells those who watch.

A driver carries out `Enter`, `Post`, `Renew` and `Wait`. It answers `Enter` with whether a place
was had, or with why there can be none; `Post` with a `Reply`, or None where it was too late to send
anything; `Renew` with whether there is another credential than the one that was refused.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from klaviyo_bulk_events.answers import Reply
from klaviyo_bulk_events.outcomes import Status


class Enter(NamedTuple):
    """Take a place at the limiter, no later than `until` on the monotonic clock (None: ever)."""

    until: float | None


class Post(NamedTuple):
    """Send these bytes on the place that was taken."""

    body: bytes


class Renew(NamedTuple):
    """Get another credential in place of the one with which the last request was refused."""


class Wait(NamedTuple):
    """Let so many seconds pass; with `everybody`, nobody on the account may send meanwhile."""

    seconds: float
    everybody: bool = False


Step: TypeAlias = Enter | Post | Renew | Wait


class Answered(NamedTuple):
    """An attempt was answered, or was not, after so many seconds."""

    attempt: int
    events: int
    bytes: int
    reply: Reply
    seconds: float


class Retrying(NamedTuple):
    """The same request goes again after so many seconds, because of `reply`."""

    attempt: int
    seconds: float
    reply: Reply


class Paused(NamedTuple):
    """Everybody on the account pauses for so many seconds: Klaviyo answered 429."""

    seconds: float


class Waiting(NamedTuple):
    """A request waits for its place at the limiter, about so many seconds."""

    seconds: float


class Settled(NamedTuple):
    """It is known what became of some events; how many of them, by status."""

    counts: Mapping[Status, int]


Notice: TypeAlias = Answered | Retrying | Paused | Waiting | Settled
Watcher: TypeAlias = Callable[[Notice], None]
