"""The blocking driver: carries out deliveries, each in a thread."""

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from klaviyo_bulk_events import threads
from klaviyo_bulk_events.answers import NoAnswer, Reply
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.credentials import Credential
from klaviyo_bulk_events.delivery import Steps, broken_off
from klaviyo_bulk_events.errors import LimiterError
from klaviyo_bulk_events.limiter import Limiter, Place
from klaviyo_bulk_events.outcomes import Outcome, Settlement
from klaviyo_bulk_events.steps import Enter, Post, Renew, Waiting, Watcher


class Driver:
    """Carries out the steps of deliveries, of which several may be under way."""

    def __init__(
        self,
        limiter: Limiter,
        post: Callable[[bytes], Reply],
        watch: Watcher,
        credential: Credential,
    ) -> None:
        self._limiter = limiter
        self._post_body = post
        self._watch = watch
        self._credential = credential
        self._stopping = threading.Event()
        self._waiting: set[threading.Event] = set()
        self._under_way: dict[Future[Settlement], tuple[Chunk, Steps]] = {}

    def settle(
        self,
        ready: Iterable[Outcome | Settlement | Chunk],
        deliver: Callable[[Chunk], Steps],
    ) -> Generator[Outcome | Settlement]:
        """Deliver the chunks at once: `ready` waits for a lane before it yields one."""
        try:
            for item in ready:
                if not isinstance(item, Chunk):
                    yield item
                    continue
                steps = deliver(item)
                self._under_way[threads.submit(self.carry, steps)] = item, steps
                yield from self._answered(block=False)
            while self._under_way:
                yield from self._answered(block=True)
        finally:
            self.stop()
            wait(self._under_way)

    def wait_for_lane(self, lanes: int) -> None:
        """Wait until fewer than `lanes` are under way, but for those that are settled by now."""
        unsettled = [future for future in self._under_way if not future.done()]
        if len(unsettled) >= lanes:
            wait(unsettled, return_when=FIRST_COMPLETED)

    def _answered(self, *, block: bool) -> Iterator[Settlement]:
        done, _ = wait(self._under_way, None if block else 0, FIRST_COMPLETED)
        for future in done:
            result = future.result()
            del self._under_way[future]
            yield result

    def answered(self) -> Iterator[Settlement]:
        """What is settled by now of what is under way, where it stays until it is taken."""
        for future in self._under_way:
            if future.done() and future.exception() is None:
                yield future.result()

    def left(self) -> Iterator[Settlement]:
        """What was under way when nobody wanted to hear of it any more."""
        while self._under_way:
            future, delivery = self._under_way.popitem()
            yield future.result() if future.exception() is None else broken_off(*delivery)

    def stop(self) -> None:
        """Send nothing more; what is under way may still be answered."""
        self._stopping.set()
        for waiting in tuple(self._waiting):
            waiting.set()

    def carry(self, steps: Steps) -> Settlement:
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
                self._authorize()
                until = step.until
                place = self._enter(until)
                result = place if isinstance(place, str) else place is not None
            elif isinstance(step, Post):
                result = self._post(step.body, place, until)
            elif isinstance(step, Renew):
                result = self._renewed(place)
            elif step.everybody:
                self._limiter.pause(step.seconds)
            else:
                self._stopping.wait(min(step.seconds, threading.TIMEOUT_MAX))

    def _authorize(self) -> None:
        # Before there is a place: a token may take longer than a place is good for.
        with contextlib.suppress(Exception):  # it is asked for again, and then it counts
            self._credential.authorization()

    def _renewed(self, place: Place | str | None) -> bool:
        try:
            return isinstance(place, Place) and self._credential.renew(place.granted)
        except Exception:  # whatever yields tokens may raise
            return False

    def _enter(self, until: float | None) -> Place | str | None:
        """A place, or why there can be none, or None where it was not to be had in time."""
        awake = threading.Event()
        self._waiting.add(awake)
        ticket = self._limiter.join(awake.set)
        try:
            while True:
                awake.clear()
                if self._stopping.is_set():  # from now on, whoever stops it wakes it
                    return None
                answer = self._limiter.ask(ticket)
                if isinstance(answer, Place):
                    return answer
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return self._limiter.trouble
                if answer is not None:
                    self._watch(Waiting(answer))
                awake.wait(self._longest_sleep(answer, left))
        except LimiterError as error:
            return str(error)
        finally:
            self._limiter.leave(ticket)
            self._waiting.discard(awake)

    def _longest_sleep(self, wait: float | None, left: float | None) -> float:
        # Who waits to be woken is not first; only the first has to show that it is alive.
        beat = None if wait is None else self._limiter.heartbeat
        return min(t for t in (wait, left, beat, threading.TIMEOUT_MAX) if t is not None)

    def _post(self, body: bytes, place: Place | str | None, until: float | None) -> Reply | None:
        while isinstance(place, Place) and self._limiter.is_stale(place):
            self._limiter.unused(place)
            place = self._enter(until)
        if not isinstance(place, Place):
            return None
        reply = self._post_body(body)
        if not isinstance(reply, NoAnswer):
            self._limiter.answered(place, reply.allowance)
        elif not reply.written:
            self._limiter.unused(place)
        return reply
