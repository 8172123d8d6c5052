"""Makes a queue of what a client was asked for."""

import os
from pathlib import Path
from typing import Any, Final

import attrs
import httpx

from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.lanes import Lanes
from klaviyo_bulk_events.queueing.async_queue import AsyncEventQueue, OnLoop
from klaviyo_bulk_events.queueing.backlog import Backlog
from klaviyo_bulk_events.queueing.memory import MemoryBacklog
from klaviyo_bulk_events.queueing.options import Options
from klaviyo_bulk_events.queueing.queue import EventQueue
from klaviyo_bulk_events.queues import QueueOptions
from klaviyo_bulk_events.settings import Settings, check_backfill

_NOT_OPTIONS: Final = frozenset({"intake", "spool", "on_outcome"})


def opened(
    settings: Settings,
    endpoint: Endpoint,
    transport: httpx.BaseTransport | None,
    backfill: bool | None,
    given: QueueOptions,
) -> EventQueue:
    """A queue. Raises ConfigurationError, and SpoolError if the spool can't be used."""
    check_backfill(backfill)
    endpoint.credential.check_blocking()
    others: dict[str, Any] = {n: value for n, value in given.items() if n not in _NOT_OPTIONS}
    spool = given.get("spool")
    options = Options(spooled=spool is not None, **others)
    return EventQueue(
        settings,
        Lanes(endpoint, settings.timeout, transport),
        # An event is put when it happens.
        attrs.evolve(given.get("intake") or Intake(), stamp_now=True),
        backfill,
        options,
        _backlog(spool, endpoint, options),
        given.get("on_outcome"),
    )


def async_opened(
    settings: Settings, endpoint: Endpoint, backfill: bool | None, given: QueueOptions
) -> AsyncEventQueue:
    """A queue for asyncio, which sends by blocking connections. Raises what `opened` does."""
    on_outcome = given.get("on_outcome")
    on_loop = None if on_outcome is None else OnLoop(on_outcome)
    queue = opened(settings, endpoint, None, backfill, {**given, "on_outcome": on_loop})
    return AsyncEventQueue(queue, on_loop)


def _backlog(spool: str | os.PathLike[str] | None, endpoint: Endpoint, options: Options) -> Backlog:
    if spool is None:
        return MemoryBacklog(options)
    from klaviyo_bulk_events.queueing.spool import Spool  # SQLite is not for those who need none

    # It is opened again after a fork, and the working folder may have changed by then.
    return Spool(Path(spool).absolute(), endpoint, options)
