"""What a delivery asks of its driver, and what it tells those who watch.

A driver carries out `Enter`, `Post` and `Wait`; it answers `Enter` with whether a place was had,
and `Post` with a `Reply`, or None where it was too late to send anything.
"""

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from klaviyo_bulk_events.answers import Reply


@frozen
class Enter:
    """Take a place at the limiter, no later than `until` on the monotonic clock (None: ever)."""

    until: float | None


@frozen
class Post:
    """Send these bytes on the place that was taken."""

    body: bytes


@frozen
class Wait:
    """Let so many seconds pass; with `everybody`, nobody on the account may send meanwhile."""

    seconds: float
    everybody: bool = False


Step: TypeAlias = Enter | Post | Wait


@frozen
class Answered:
    """An attempt was answered, or was not."""

    attempt: int
    events: int
    bytes: int
    reply: Reply


@frozen
class Retrying:
    """The same request goes again after so many seconds, because of `reply`."""

    attempt: int
    seconds: float
    reply: Reply


@frozen
class Paused:
    """Everybody on the account pauses for so many seconds: Klaviyo answered 429."""

    seconds: float


@frozen
class Waiting:
    """A request waits for its place at the limiter, about so many seconds."""

    seconds: float


Notice: TypeAlias = Answered | Retrying | Paused | Waiting
Watcher: TypeAlias = Callable[[Notice], None]
