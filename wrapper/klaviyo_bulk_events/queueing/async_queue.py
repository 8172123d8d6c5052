"""A queue for asyncio: the same, and the event loop waits neither for a disk nor for an answer."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.queueing.counts import QueueStats
from klaviyo_bulk_events.queueing.queue import EventQueue, entrance_of
from klaviyo_bulk_events.queueing.telling import OnOutcome
from klaviyo_bulk_events.queueing.writer import Writer

_LOOK_FOR_ROOM: Final = 0.02

_log: Final = logging.getLogger("klaviyo_bulk_events.queue")
_Result = TypeVar("_Result")


class OnLoop:
    """Calls `on_outcome` on the event loop from which the queue was used last."""

    def __init__(self, on_outcome: OnOutcome) -> None:
        self._on_outcome = on_outcome
        self.loop: asyncio.AbstractEventLoop | None = None

    def __call__(self, outcome: Outcome) -> None:
        """From any thread."""
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # that loop is closed
                self.loop.call_soon_threadsafe(self._tell, outcome)

    def _tell(self, outcome: Outcome) -> None:
        try:
            self._on_outcome(outcome)
        except Exception:
            _log.exception("on_outcome raised; the queue goes on")


class AsyncEventQueue:
    """`EventQueue` for asyncio. Made by `AsyncKlaviyoBulkEvents.queue`, in a loop or before one.

    It sends from a thread. `on_outcome` is a function that is called on the event loop.
    """

    def __init__(self, queue: EventQueue, on_loop: OnLoop | None) -> None:
        self._queue = queue
        self._on_loop = on_loop
        self._entrance = entrance = entrance_of(queue)
        self._writer = Writer(entrance.offer) if entrance.is_spooled else None

    async def put(self, event: Record) -> None:
        """Take an event as it is now; waits for room only if the queue is full and blocks.

        With a spool it is there when this returns. Raises what `EventQueue.put` does. A cancelled
        one may have been taken.
        """
        self._bind()
        taken = self._entrance.take(event)
        if taken is None:
            return
        while not await self._offer(taken):
            if not self._entrance.blocks:
                self._entrance.refuse(taken)
                return
            await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        try:
            await asyncio.sleep(_LOOK_FOR_ROOM)
            self._entrance.check_open()
        except BaseException:
            self._entrance.not_put()
            raise

    async def _offer(self, event: EncodedEvent) -> bool:
        if self._writer is None:
            return bool(self._entrance.offer([event]))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        self._writer.write(event, partial(_call, loop, partial(self._settle, future)))
        return await future

    def _settle(self, future: "asyncio.Future[bool]", result: bool | Exception) -> None:
        if future.done():  # cancelled
            if result is False:
                self._entrance.not_put()
        elif isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)

    async def flush(self, timeout: float | None = None) -> bool:
        """Send now what was put before; whether all of it is settled, within so many seconds."""
        self._bind()
        return await _in_thread(partial(self._queue.flush, timeout))

    async def stats(self) -> QueueStats:
        """The numbers now."""
        return await _in_thread(self._queue.stats)

    async def close(self, timeout: float | None = None) -> bool:
        """Take nothing more, and send what waits: as `EventQueue.close`."""
        self._bind()
        settled = await _in_thread(partial(self._queue.close, timeout))
        if self._writer is not None:
            self._writer.stop()
        return settled

    def start(self) -> None:
        """Start the sender, as the first `put` does: it goes on with what waits in a spool."""
        with contextlib.suppress(RuntimeError):  # there is no loop yet: the first put tells it
            self._bind()
        self._queue.start()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def _bind(self) -> None:
        if self._on_loop is not None:
            self._on_loop.loop = asyncio.get_running_loop()


def _call(
    loop: asyncio.AbstractEventLoop,
    function: Callable[[bool | Exception], None],
    result: bool | Exception,
) -> None:
    with contextlib.suppress(RuntimeError):  # that loop is closed
        loop.call_soon_threadsafe(function, result)


async def _in_thread(work: Callable[[], _Result]) -> _Result:
    """What a function returns; a pool's threads would be waited for at exit, and refused there."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()

    def run() -> None:
        try:
            done = partial(_set, future, work())
        except BaseException as error:
            done = partial(_fail, future, error)
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(done)

    threading.Thread(target=run, name="klaviyo-flush", daemon=True).start()
    return await future


def _set(future: "asyncio.Future[_Result]", result: _Result) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[_Result]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
