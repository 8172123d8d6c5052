"""The delivery of one chunk, as steps; no I/O."""

import inspect
from collections.abc import Callable, Generator
from typing import Any, Final, TypeAlias

from attrs import Factory, define, field

from klaviyo_bulk_events import refusals, retry, unsettled
from klaviyo_bulk_events.answers import Answer, Reply
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.outcomes import Fate, Settlement, Status
from klaviyo_bulk_events.retry import Meaning, Verdict
from klaviyo_bulk_events.steps import (
    Answered,
    Enter,
    Paused,
    Post,
    Renew,
    Retrying,
    Step,
    Wait,
    Watcher,
)

_SENT_BEFORE: Final = "no answer, for the session that sent it ended before"
_BROKEN_OFF: Final = "no answer, for the delivery was broken off"

Steps: TypeAlias = Generator[Step, Any, Settlement]


class AbandonedError(Exception):
    """Thrown into the steps of a delivery that nobody carries out any further."""


@define(eq=False)
class _Part:
    """Events that are sent together; `ambiguous` once they may have been processed.

    `attempts` tells of every request that held them what came of it.
    """

    chunk: Chunk
    ambiguous: bool = False
    attempts: list[str] = Factory(list)
    # Made with the part, in the thread that makes it: made in the many threads that send, bodies
    # would leave a megabyte or more unused in the memory arena of each.
    body: bytes = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.body = self.chunk.body()

    def of(self, chunk: Chunk) -> "_Part":
        """Some of its events."""
        return _Part(chunk, self.ambiguous, list(self.attempts))


class Delivery:
    """Delivers a chunk within `deadline` seconds, counted from when it is first let in.

    A refusal is narrowed down to the events at fault with at most `budget` further requests. Events
    without a safe key are sent again after they may have been processed only if `resend_unsafe`.
    `clock` is monotonic, `random` yields numbers in [0, 1).
    """

    def __init__(
        self,
        chunk: Chunk,
        *,
        deadline: float,
        budget: int,
        clock: Callable[[], float],
        random: Callable[[], float],
        watch: Watcher,
        resend_unsafe: bool = False,
    ) -> None:
        self._parts = [_Part(chunk, chunk.in_doubt, [_SENT_BEFORE] if chunk.in_doubt else [])]
        self._deadline = deadline
        self._budget = budget
        self._clock = clock
        self._random = random
        self._watch = watch
        self._resend_unsafe = resend_unsafe
        self._until: float | None = None
        self._repeats = False
        self._renewed = False
        self._named = False
        self._broken_off = False
        self._shape: tuple[str, str] | None = None
        self._settlement = Settlement(chunk=chunk)

    def steps(self) -> Steps:
        """Yields steps, is sent their results, returns the settlement of every event."""
        while self._parts:
            part = self._parts.pop()
            self._set_unsafe_aside(part)
            if self._is_over():
                self._leave_unsettled(part)
                continue
            try:
                yield from self._deliver(part)
            except AbandonedError:
                self._broken_off = True
                self._leave_unsettled(part)
        return self._settlement

    def _deliver(self, part: _Part) -> Generator[Step, Any, None]:
        attempt = 0
        while part.chunk and (yield from self._enter()):
            if self._until is None:
                self._until = self._clock() + self._deadline
            posted = self._clock()
            reply = yield from _post(part)
            if reply is None:
                break
            attempt += 1
            self._note(part, attempt, reply, self._clock() - posted)
            verdict = retry.judge(reply, attempt, self._random())
            if verdict.meaning is Meaning.STOP and (yield from self._renew(reply)):
                continue
            if verdict.meaning not in retry.REPEATS:
                self._settle(part, verdict.meaning, reply)
                return
            is_over = self._clock() + verdict.wait > self._until
            if is_over:
                self._settlement.outage = str(reply)
            else:
                self._set_unsafe_aside(part)
            is_more = bool(part.chunk or self._parts) and not is_over
            if verdict.meaning is Meaning.THROTTLED or is_more:
                yield self._pause(attempt, verdict, reply)
            if is_over:
                break
        self._leave_unsettled(part)

    def _enter(self) -> Generator[Step, Any, bool]:
        """Whether there is a place; without a limiter nothing is sent any more."""
        entered: bool | str = yield Enter(self._until)
        if isinstance(entered, str):
            self._settlement.outage = entered
        return entered is True

    def _renew(self, reply: Reply) -> Generator[Step, Any, bool]:
        """Whether another credential may be taken where this one was refused, which is once."""
        if self._renewed or not isinstance(reply, Answer) or reply.status != 401:
            return False
        self._renewed = True
        return bool((yield Renew()))

    def _is_over(self) -> bool:
        # A limiter with room has a place for whoever asks, however late: refusals that name one
        # event each would go on for a thousand requests.
        is_late = self._until is not None and self._clock() > self._until
        told = self._settlement
        return bool(told.stop or told.outage or self._broken_off or is_late)

    def _set_unsafe_aside(self, part: _Part) -> None:
        if self._resend_unsafe or not part.ambiguous:
            return
        unsafe = [event for event in part.chunk.events if not unsettled.has_safe_key(event)]
        if unsafe:
            self._settlement.fates += unsettled.unknown(unsafe, part.attempts)
            part.chunk = part.chunk.without(unsafe)
            part.body = part.chunk.body()

    def _note(self, part: _Part, attempt: int, reply: Reply, seconds: float) -> None:
        part.ambiguous |= retry.meaning_of(reply) in retry.AMBIGUOUS
        part.attempts.append(str(reply))
        settlement = self._settlement
        settlement.requests += 1
        settlement.retries += attempt > 1
        settlement.throttled += isinstance(reply, Answer) and reply.status == 429
        settlement.bytes += len(part.body)
        self._watch(Answered(attempt, len(part.chunk), len(part.body), reply, seconds))

    def _pause(self, attempt: int, verdict: Verdict, reply: Reply) -> Wait:
        everybody = verdict.meaning is Meaning.THROTTLED
        paused = Paused(verdict.wait) if everybody else Retrying(attempt, verdict.wait, reply)
        self._watch(paused)
        return Wait(verdict.wait, everybody)

    def _settle(self, part: _Part, meaning: Meaning, reply: Reply) -> None:
        if meaning is Meaning.ACCEPTED:
            accepted = Fate(Status.ACCEPTED, tuple(part.chunk.events))
            self._settlement.fates.append(accepted)
        elif meaning is Meaning.REFUSED and isinstance(reply, Answer):
            self._narrow(part, reply)
        else:
            self._leave_unsettled(part)
            if meaning is Meaning.STOP and isinstance(reply, Answer):
                self._settlement.stop = refusals.why_stopped(reply)
            else:
                self._settlement.outage = str(reply)

    def _narrow(self, part: _Part, answer: Answer) -> None:
        """Settle the events that the refusal is about; the others are sent again."""
        fates, smaller = refusals.narrow(part.chunk, answer)
        self._settlement.fates += fates
        self._remember(part, fates, answer)
        # A refusal that settles an event is worth its request, however many there are.
        cost = 0 if fates else len(smaller)
        if cost <= self._budget:
            self._budget -= cost
            self._settlement.narrowing += len(smaller)
            self._parts += [part.of(chunk) for chunk in reversed(smaller)]
            return
        for chunk in smaller:
            self._give_up(part.of(chunk), answer)

    def _remember(self, part: _Part, fates: list[Fate], answer: Answer) -> None:
        self._repeats |= any(fate.status is Status.DUPLICATE for fate in fates)
        if fates and len(part.chunk) > 1:
            self._named = True
        self._shape = self._shape or refusals.shape(answer)
        self._settlement.refused = None if self._named else self._shape

    def _give_up(self, part: _Part, answer: Answer) -> None:
        # Where events were there already, others may be, and are no more at fault than those.
        if part.ambiguous or self._repeats:
            self._leave_unsettled(part)
        else:
            self._settlement.fates.append(refusals.together(part.chunk, answer))

    def _leave_unsettled(self, part: _Part) -> None:
        if not part.chunk:
            return
        if part.ambiguous:
            self._settlement.fates += unsettled.unknown(part.chunk.events, part.attempts)
        else:
            self._settlement.fates.append(unsettled.unsent(part.chunk.events, part.attempts))


def _post(part: _Part) -> Generator[Step, Any, Reply | None]:
    try:
        reply: Reply | None = yield Post(part.body)
    except AbandonedError:
        part.ambiguous = True
        part.attempts.append(_BROKEN_OFF)
        raise
    return reply


def broken_off(chunk: Chunk, steps: Steps) -> Settlement:
    """The settlement of a chunk whose delivery was broken off from outside, with these steps."""
    if inspect.getgeneratorstate(steps) == inspect.GEN_CREATED and not chunk.in_doubt:
        return Settlement([unsettled.unsent(chunk.events, ())], chunk=chunk)
    try:
        steps.throw(AbandonedError)
    except StopIteration as end:
        settlement: Settlement = end.value
        return settlement
    except AbandonedError:  # how far they came, nobody knows any more
        pass
    return Settlement(unsettled.broken_off(chunk.events))
