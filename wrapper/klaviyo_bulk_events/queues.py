"""From a client to a queue, which stands around the flow.

Reaches for the package around it only once a queue is asked for.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

import httpx

from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.settings import Settings

if TYPE_CHECKING:
    from klaviyo_bulk_events.queueing import AsyncEventQueue as AsyncEventQueue
    from klaviyo_bulk_events.queueing import EventQueue as EventQueue

WhenFullName: TypeAlias = Literal["block", "raise", "drop"]


class QueueOptions(TypedDict, total=False):
    """What a queue can be told to be, all of it if wanted.

    Attributes:
        intake: how records are taken in, with `stamp_now`.
        spool: the path of a file, which makes the queue durable; several processes may share it.
        max_age: seconds after which what waits is sent, however little it is (1).
        batch_events: how many are sent at once, if so many wait (the endpoint's limit).
        batch_bytes: how many bytes are sent at once, if so many wait (the endpoint's limit).
        max_events: how many may wait (100,000; 1,000,000 in a spool).
        max_bytes: how many bytes of events may wait in memory (100,000,000).
        when_full: `put` drops the event and counts it (`drop`), raises QueueFullError (`raise`) or
            waits for room (`block`).
        on_outcome: called with every outcome, those of `put` itself from its thread and all others
            from the sender's, which waits for it.
        exit_timeout: seconds that closing may take, at exit, too (10).
        retry_after: seconds from a refused key, or the like, to the next attempt (60).
    """

    intake: Intake | None
    spool: str | os.PathLike[str] | None
    max_age: float
    batch_events: int
    batch_bytes: int
    max_events: int
    max_bytes: int
    when_full: WhenFullName
    on_outcome: Callable[[Outcome], object] | None
    exit_timeout: float
    retry_after: float


def queue_for(
    settings: Settings,
    endpoint: Endpoint,
    transport: httpx.BaseTransport | None,
    backfill: bool | None,
    options: QueueOptions,
) -> "EventQueue":
    """The queue of a client. Raises ConfigurationError and SpoolError."""
    from klaviyo_bulk_events.queueing.opening import opened

    return opened(settings, endpoint, transport, backfill, options)


def async_queue_for(
    settings: Settings, endpoint: Endpoint, backfill: bool | None, options: QueueOptions
) -> "AsyncEventQueue":
    """The queue of an asyncio client. Raises ConfigurationError and SpoolError."""
    from klaviyo_bulk_events.queueing.opening import async_opened

    return async_opened(settings, endpoint, backfill, options)
