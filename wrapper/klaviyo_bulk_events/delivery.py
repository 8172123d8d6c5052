"""The delivery of one chunk, as steps; no I/O."""

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from klaviyo_bulk_events import refusals, retry
from klaviyo_bulk_events.answers import Answer, Reply
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.outcomes import Fate, Settlement, Status
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.retry import Meaning, Verdict
from klaviyo_bulk_events.steps import Answered, Enter, Paused, Post, Retrying, Step, Wait, Watcher

Steps: TypeAlias = Generator[Step, Any, Settlement]


class Delivery:
    """Delivers a chunk within `deadline` seconds, counted from when it is first let in.

    `clock` is monotonic, `random` yields numbers in [0, 1).
    """

    def __init__(
        self,
        chunk: Chunk,
        *,
        deadline: float,
        clock: Callable[[], float],
        random: Callable[[], float],
        watch: Watcher,
    ) -> None:
        self._chunk = chunk
        self._deadline = deadline
        self._clock = clock
        self._random = random
        self._watch = watch
        self._until: float | None = None
        self._ambiguous = False
        self._last: Reply | None = None
        self._settlement = Settlement()

    def steps(self) -> Steps:
        """Yields steps, is sent their results, returns the settlement of every event."""
        body = self._chunk.body()
        attempt = 0
        while (yield Enter(self._until)):
            attempt += 1
            if self._until is None:
                self._until = self._clock() + self._deadline
            reply = yield Post(body)
            self._note(attempt, reply, body)
            verdict = retry.judge(reply, attempt, self._random())
            if verdict.meaning in retry.REPEATS:
                if self._clock() + verdict.wait > self._until:
                    break
                yield self._pause(attempt, verdict)
            elif verdict.meaning is Meaning.REFUSED and self._take_out_named(reply):
                body = self._chunk.body()
            else:
                self._settle(verdict.meaning, reply)
                return self._settlement
        self._leave_unsettled()
        return self._settlement

    def _note(self, attempt: int, reply: Reply, body: bytes) -> None:
        self._last = reply
        self._ambiguous |= retry.meaning_of(reply) in retry.AMBIGUOUS
        settlement = self._settlement
        settlement.requests += 1
        settlement.retries += attempt > 1
        settlement.throttled += isinstance(reply, Answer) and reply.status == 429
        settlement.bytes += len(body)
        self._watch(Answered(attempt, len(self._chunk), len(body), reply))

    def _pause(self, attempt: int, verdict: Verdict) -> Wait:
        everybody = verdict.meaning is Meaning.THROTTLED
        if everybody:
            self._watch(Paused(verdict.wait))
        elif self._last is not None:
            self._watch(Retrying(attempt, verdict.wait, self._last))
        return Wait(verdict.wait, everybody)

    def _take_out_named(self, reply: Reply) -> bool:
        """Settle the events that a refusal names; whether others are left to be sent."""
        errors = (isinstance(reply, Answer) and reply.errors) or ()
        fates = refusals.named(self._chunk, errors)
        self._settlement.fates += fates
        self._chunk = self._chunk.without(event for fate in fates for event in fate.events)
        return bool(fates) and bool(self._chunk)

    def _settle(self, meaning: Meaning, reply: Reply) -> None:
        if not self._chunk:
            return
        if meaning is Meaning.ACCEPTED:
            self._fate(Status.ACCEPTED)
        elif meaning is Meaning.REFUSED and not self._ambiguous:
            errors = (isinstance(reply, Answer) and reply.errors) or ()
            self._settlement.fates.append(refusals.together(self._chunk, errors))
        else:
            self._leave_unsettled()
            if meaning is Meaning.STOP and isinstance(reply, Answer):
                self._settlement.stop = refusals.why_stopped(reply)

    def _leave_unsettled(self) -> None:
        last = f"last came {self._last}" if self._last else "the run was stopped before"
        if self._ambiguous:
            message = f"no answer settled it; {last}; sending it again is harmless"
            self._fate(Status.UNKNOWN, Problem("", "no_answer", message))
        else:
            self._fate(Status.UNSENT, Problem("", "not_sent", f"not processed; {last}"))

    def _fate(self, status: Status, *problems: Problem) -> None:
        self._settlement.fates.append(Fate(status, tuple(self._chunk.events), problems))
