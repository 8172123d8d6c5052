"""A delivery under way, for asyncio."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable
from functools import partial
from itertools import chain
from typing import Final, TypeVar

from klaviyo_bulk_events.async_driver import AsyncDriver
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.ledger import Ledger
from klaviyo_bulk_events.outcomes import Outcome, Settlement
from klaviyo_bulk_events.planner import Planner, Record
from klaviyo_bulk_events.progress import Progress, never_sent, outcomes
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.settings import Settings
from klaviyo_bulk_events.steps import Settled, Watcher

_T = TypeVar("_T")
RECORDS_AT_ONCE: Final = 100
"""Records taken in before the event loop gets a turn: about a millisecond."""


class AsyncRun:
    """A delivery under way: iterate over the outcomes, then ask for the report."""

    def __init__(
        self,
        events: Iterable[Record] | AsyncIterable[Record],
        planner: Planner,
        driver: AsyncDriver,
        settings: Settings,
        watch: Watcher,
        ledger: Ledger,
    ) -> None:
        self._events = events
        self._driver = driver
        self._settings = settings
        self._watch = watch
        self._deliver = partial(settings.deliver, watch=watch)
        self._progress = Progress(planner, settings.limiter, ledger)
        self._stopped = False
        self._dropped: list[Chunk] = []
        self._settlements = self._settle()

    async def __aiter__(self) -> AsyncIterator[Outcome]:
        """The outcomes that are still to come; whoever leaves the loop closes the run."""
        try:
            async for settled in self._settlements:
                for outcome in outcomes(settled):
                    yield outcome
        finally:
            await self.aclose()
        self._progress.raise_if_ended_early()

    async def finish(self) -> Report:
        """Deliver all that is left; the report."""
        try:
            async for _ in self._settlements:
                pass
        except asyncio.CancelledError as cancelled:
            cancelled.add_note(f"cancelled after: {self.report()}")
            raise
        self._progress.raise_if_ended_early()
        return self.report()

    def report(self) -> Report:
        """The sum of the run. Raises ConfigurationError as long as it has not ended."""
        return self._progress.report()

    async def aclose(self) -> None:
        """End early: wait for what is in flight; the rest is unsent."""
        self._stopped = True
        self._progress.end_unless_begun()
        await self._settlements.aclose()

    def stop(self) -> None:
        """End early: what is in flight is settled, the rest is unsent."""
        self._stopped = True
        self._driver.stop()

    async def _settle(self) -> AsyncGenerator[Outcome | Settlement]:
        settle = self._driver.settle(self._ready(), self._deliver)
        try:
            self._progress.begin()
            async for settled in settle:
                if not await self._durably(settled, self._progress.add, settled):
                    self.stop()
                self._watch(Settled(settled.counts))
                yield settled
        except asyncio.CancelledError:
            self._driver.cancel()
            raise
        finally:
            await settle.aclose()
            left = chain(self._driver.left(), map(never_sent, self._dropped))
            if counts := self._progress.end(left):
                self._watch(Settled(counts))

    async def _ready(self) -> AsyncGenerator[Outcome | Settlement | Chunk]:
        progress = self._progress
        try:
            while (chunk := await self._pending()) is not None:
                yield chunk
            async for record in in_turns(self._events):
                read = progress.read(record)
                if read is not None:
                    ready = await self._covered(*read)
                    if ready is not None:
                        yield ready
                if self._stopped:
                    break
        except Exception as error:
            progress.failed(error)
        await self._wait_for_lane()
        finish = partial(progress.finish, self._driver.answered(), stopped=self._stopped)
        last = await self._durably(None, finish)
        if last is not None:
            yield last

    async def _pending(self) -> Chunk | None:
        await self._wait_for_lane()
        return self._progress.pending()

    async def _covered(
        self, ready: Outcome | Chunk, reached: int
    ) -> Outcome | Chunk | Settlement | None:
        if isinstance(ready, Chunk):
            # Now that it is read: what is answered meanwhile is remembered with it, in one write.
            await self._wait_for_lane()
        cover = partial(self._progress.cover, ready, reached, self._driver.answered())
        return await self._durably(ready, cover)

    async def _wait_for_lane(self) -> None:
        await self._driver.wait_for_lane(self._settings.max_in_flight)

    async def _durably(self, about: object, write: Callable[..., _T], *given: object) -> _T:
        """Write in a thread, off the event loop, what takes as long as a disk does."""
        if not self._progress.is_durable or isinstance(about, Outcome):
            return write(*given)
        writing = asyncio.ensure_future(asyncio.to_thread(write, *given))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            # A thread can't be cancelled, and nothing else may be written meanwhile.
            while not writing.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([writing])
            result = writing.result()
            if isinstance(result, Chunk):
                self._dropped.append(result)
            raise


async def in_turns(events: Iterable[Record] | AsyncIterable[Record]) -> AsyncGenerator[Record]:
    """The events; while they are read the event loop gets its turns."""
    if isinstance(events, AsyncIterable):
        async for record in events:
            yield record
        return
    for number, record in enumerate(events, 1):
        yield record
        if number % RECORDS_AT_ONCE == 0:
            await asyncio.sleep(0)
