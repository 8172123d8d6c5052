"""A delivery under way, for blocking code."""

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial

from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.driver import Driver
from klaviyo_bulk_events.ledger import Ledger
from klaviyo_bulk_events.outcomes import Outcome, Settlement
from klaviyo_bulk_events.planner import Planner, Record
from klaviyo_bulk_events.progress import Progress, outcomes
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.settings import Settings
from klaviyo_bulk_events.steps import Settled, Watcher


class Run:
    """A delivery under way: iterate over the outcomes, then ask for the report."""

    def __init__(
        self,
        events: Iterable[Record],
        planner: Planner,
        driver: Driver,
        settings: Settings,
        watch: Watcher,
        ledger: Ledger,
        cut: Callable[[], None],
    ) -> None:
        self._events = events
        self._driver = driver
        self._cut = cut
        self._settings = settings
        self._watch = watch
        self._deliver = partial(settings.deliver, watch=watch)
        self._progress = Progress(planner, settings.limiter, ledger)
        self._stopped = False
        self._settlements = self._settle()

    def __iter__(self) -> Iterator[Outcome]:
        """The outcomes that are still to come; whoever leaves the loop ends the run."""
        try:
            for settled in self._settlements:
                yield from outcomes(settled)
        finally:
            self.close()
        self._progress.raise_if_ended_early()

    def finish(self) -> Report:
        """Deliver all that is left; the report. After KeyboardInterrupt, stop() it first."""
        for _ in self._settlements:
            pass
        self._progress.raise_if_ended_early()
        return self.report()

    def report(self) -> Report:
        """The sum of the run. Raises ConfigurationError as long as it has not ended."""
        return self._progress.report()

    def close(self) -> None:
        """End early: wait for what is in flight; the rest is unsent."""
        self._stopped = True
        self._progress.end_unless_begun()
        self._settlements.close()

    def stop(self) -> None:
        """End early, from any thread: what is in flight is settled, the rest is unsent."""
        self._stopped = True
        self._driver.stop()

    def abandon(self) -> None:
        """Stop, and wait for no answer: what is in flight becomes unknown.

        So does what other runs of the same client have in flight, if no retry settles it.
        """
        self.stop()
        self._cut()

    def _settle(self) -> Generator[Outcome | Settlement]:
        settle = self._driver.settle(self._ready(), self._deliver)
        try:
            self._progress.begin()
            for settled in settle:
                if not self._progress.add(settled):
                    self.stop()
                self._watch(Settled(settled.counts))
                yield settled
        finally:
            settle.close()
            if counts := self._progress.end(self._driver.left()):
                self._watch(Settled(counts))

    def _ready(self) -> Iterator[Outcome | Settlement | Chunk]:
        try:
            while (chunk := self._pending()) is not None:
                yield chunk
            for record in self._events:
                read = self._progress.read(record)
                if read is not None:
                    ready = self._covered(*read)
                    if ready is not None:
                        yield ready
                if self._stopped:
                    break
        except Exception as error:
            self._progress.failed(error)
        self._wait_for_lane()
        last = self._progress.finish(self._driver.answered(), stopped=self._stopped)
        if last is not None:
            yield last

    def _pending(self) -> Chunk | None:
        self._wait_for_lane()
        return self._progress.pending()

    def _covered(self, ready: Outcome | Chunk, reached: int) -> Outcome | Chunk | Settlement | None:
        if isinstance(ready, Chunk):
            # Now that it is read: what is answered meanwhile is remembered with it, in one write.
            self._wait_for_lane()
        return self._progress.cover(ready, reached, self._driver.answered())

    def _wait_for_lane(self) -> None:
        self._driver.wait_for_lane(self._settings.max_in_flight)
