"""The asyncio driver: carries out deliveries, each in a task."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterator
from typing import Any

from klaviyo_bulk_events import threads
from klaviyo_bulk_events.answers import NoAnswer, Reply
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.credentials import Credential
from klaviyo_bulk_events.delivery import Steps, broken_off
from klaviyo_bulk_events.errors import LimiterError
from klaviyo_bulk_events.limiter import Limiter, Place, Ticket
from klaviyo_bulk_events.outcomes import Outcome, Settlement
from klaviyo_bulk_events.steps import Enter, Post, Renew, Waiting, Watcher


class AsyncDriver:
    """Carries out the steps of deliveries, of which several may be under way."""

    def __init__(
        self,
        limiter: Limiter,
        post: Callable[[bytes], Awaitable[Reply]],
        watch: Watcher,
        credential: Credential,
    ) -> None:
        self._limiter = limiter
        self._post_body = post
        self._watch = watch
        self._credential = credential
        self._stopping = asyncio.Event()
        self._waiting: set[asyncio.Event] = set()
        self._under_way: dict[asyncio.Task[Settlement], tuple[Chunk, Steps]] = {}

    async def settle(
        self,
        ready: AsyncIterable[Outcome | Settlement | Chunk],
        deliver: Callable[[Chunk], Steps],
    ) -> AsyncGenerator[Outcome | Settlement]:
        """Deliver the chunks at once: `ready` waits for a lane before it yields one."""
        try:
            async for item in ready:
                if not isinstance(item, Chunk):
                    yield item
                    continue
                steps = deliver(item)
                self._under_way[asyncio.create_task(self.carry(steps))] = item, steps
                for task in await self._answered(block=False):
                    yield self._taken(task)
            while self._under_way:
                for task in await self._answered(block=True):
                    yield self._taken(task)
        except asyncio.CancelledError:
            self.cancel()
            raise
        finally:
            self.stop()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def wait_for_lane(self, lanes: int) -> None:
        """Wait until fewer than `lanes` are under way, but for those that are settled by now."""
        unsettled = [task for task in self._under_way if not task.done()]
        if len(unsettled) >= lanes:
            await asyncio.wait(unsettled, return_when=asyncio.FIRST_COMPLETED)

    async def _answered(self, *, block: bool) -> set[asyncio.Task[Settlement]]:
        timeout = None if block else 0
        done, _ = await asyncio.wait(
            self._under_way, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
        )
        return done

    def _taken(self, task: asyncio.Task[Settlement]) -> Settlement:
        # One at a time: whoever takes no more leaves the others where `left` finds them.
        settlement = task.result()
        del self._under_way[task]
        return settlement

    def cancel(self) -> None:
        """Break off what is under way."""
        for task in self._under_way:
            task.cancel()

    def answered(self) -> Iterator[Settlement]:
        """What is settled by now of what is under way, where it stays until it is taken."""
        for task in self._under_way:
            if task.done() and not task.cancelled() and task.exception() is None:
                yield task.result()

    def left(self) -> Iterator[Settlement]:
        """What was under way when nobody wanted to hear of it any more."""
        while self._under_way:
            task, delivery = self._under_way.popitem()
            failed = task.cancelled() or task.exception() is not None
            yield broken_off(*delivery) if failed else task.result()

    def stop(self) -> None:
        """Send nothing more; what is under way may still be answered."""
        self._stopping.set()
        for waiting in tuple(self._waiting):
            waiting.set()

    async def carry(self, steps: Steps) -> Settlement:
        """Carry out the steps of one delivery."""
        place: Place | str | None = None
        until: float | None = None
        result: Any = None
        while True:
            try:
                step = steps.send(result)
            except StopIteration as end:
                settlement: Settlement = end.value
                return settlement
            if isinstance(step, Enter):
                await self._authorize()
                until = step.until
                place = await self._enter(until)
                result = place if isinstance(place, str) else place is not None
            elif isinstance(step, Post):
                result = await self._post(step.body, place, until)
            elif isinstance(step, Renew):
                result = await self._renewed(place)
            elif step.everybody:
                await self._call(self._limiter.pause, step.seconds)
            else:
                await _sleep(self._stopping, step.seconds)

    async def _authorize(self) -> None:
        # Before there is a place: a token may take longer than a place is good for.
        with contextlib.suppress(Exception):  # it is asked for again, and then it counts
            await self._credential.authorization_async()

    async def _renewed(self, place: Place | str | None) -> bool:
        try:
            return isinstance(place, Place) and await self._credential.renew_async(place.granted)
        except Exception:  # whatever yields tokens may raise
            return False

    async def _enter(self, until: float | None) -> Place | str | None:
        """A place, or why there can be none, or None where it was not to be had in time."""
        awake = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._waiting.add(awake)
        ticket = self._limiter.join(lambda: _call(loop, awake.set))
        try:
            while not self._stopping.is_set():
                awake.clear()
                answer = await self._ask(ticket)
                if isinstance(answer, Place):
                    return answer
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return self._limiter.trouble
                if answer is not None:
                    self._watch(Waiting(answer))
                await _sleep(awake, self._longest_sleep(answer, left))
            return None
        except LimiterError as error:
            return str(error)
        finally:
            self._waiting.discard(awake)
            if self._limiter.is_in_line(ticket):
                await self._call(self._limiter.leave, ticket)

    def _longest_sleep(self, wait: float | None, left: float | None) -> float | None:
        # Who waits to be woken is not first; only the first has to show that it is alive.
        beat = None if wait is None else self._limiter.heartbeat
        return min((t for t in (wait, left, beat) if t is not None), default=None)

    async def _ask(self, ticket: Ticket) -> Place | float | None:
        if not self._limiter.waits:
            return self._limiter.ask(ticket)
        asked = asyncio.wrap_future(threads.submit(self._limiter.ask, ticket))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            # The thread asks all the same; what it is granted nobody uses.
            with contextlib.suppress(LimiterError):
                place = await asked
                if isinstance(place, Place):
                    await self._call(self._limiter.unused, place)
            raise

    async def _call(self, tell: Callable[..., None], *what: object) -> None:
        """Tell the limiter something, past the event loop if that waits for a disk or a network."""
        if self._limiter.waits:
            # Not the loop's own threads, which look up names and are the application's, too.
            await asyncio.shield(asyncio.wrap_future(threads.submit(tell, *what)))
        else:
            tell(*what)

    async def _post(
        self, body: bytes, place: Place | str | None, until: float | None
    ) -> Reply | None:
        while isinstance(place, Place) and self._limiter.is_stale(place):
            await self._call(self._limiter.unused, place)
            place = await self._enter(until)
        if not isinstance(place, Place):
            return None
        reply = await self._post_body(body)
        if not isinstance(reply, NoAnswer):
            await self._call(self._limiter.answered, place, reply.allowance)
        elif not reply.written:
            await self._call(self._limiter.unused, place)
        return reply


async def _sleep(event: asyncio.Event, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _call(loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # that loop is closed, and its line with it
        loop.call_soon_threadsafe(wake)
