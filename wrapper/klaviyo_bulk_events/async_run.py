"""A delivery under way, for asyncio."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from functools import partial
from typing import Final

from klaviyo_bulk_events.async_driver import AsyncDriver
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.ledger import Ledger
from klaviyo_bulk_events.outcomes import Outcome, Settlement
from klaviyo_bulk_events.planner import Planner, Record
from klaviyo_bulk_events.progress import Progress, outcomes
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.settings import Settings
from klaviyo_bulk_events.steps import Settled, Watcher

_RECORDS_AT_ONCE: Final = 100
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
        await self._settlements.aclose()

    def stop(self) -> None:
        """End early: what is in flight is settled, the rest is unsent."""
        self._stopped = True
        self._driver.stop()

    async def _settle(self) -> AsyncGenerator[Outcome | Settlement]:
        settings = self._settings
        settle = self._driver.settle(self._ready(), self._deliver, settings.max_in_flight)
        try:
            async for settled in settle:
                if not self._progress.add(settled):
                    self.stop()
                self._watch(Settled(settled.counts))
                yield settled
        finally:
            await settle.aclose()
            self._progress.end(self._driver.left())

    async def _ready(self) -> AsyncGenerator[Outcome | Settlement | Chunk]:
        try:
            while (chunk := self._progress.pending()) is not None:
                yield chunk
            async for record in _in_turns(self._events):
                ready = self._progress.take(record)
                if ready is not None:
                    yield ready
                if self._stopped:
                    break
        except Exception as error:
            self._progress.failed(error)
        last = self._progress.finish(stopped=self._stopped)
        if last is not None:
            yield last


async def _in_turns(events: Iterable[Record] | AsyncIterable[Record]) -> AsyncIterator[Record]:
    if isinstance(events, AsyncIterable):
        async for record in events:
            yield record
        return
    for number, record in enumerate(events, 1):
        yield record
        if number % _RECORDS_AT_ONCE == 0:
            await asyncio.sleep(0)
