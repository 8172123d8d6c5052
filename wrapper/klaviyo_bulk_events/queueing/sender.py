"""Sends what waits, in its order, one request at a time."""

import logging
import time
from collections.abc import Callable
from typing import Final

from klaviyo_bulk_events.brake import Brake
from klaviyo_bulk_events.errors import SpoolError
from klaviyo_bulk_events.outcomes import Fate, Settlement, Status
from klaviyo_bulk_events.queueing.backlog import Backlog, Front
from klaviyo_bulk_events.queueing.behind import Behind
from klaviyo_bulk_events.queueing.carrying import Carrier
from klaviyo_bulk_events.queueing.cutting import Batch, Cutter
from klaviyo_bulk_events.queueing.options import Options
from klaviyo_bulk_events.queueing.telling import Telling

TRY_TO_LEAD_EVERY: Final = 1.0
"""Seconds between two looks whether the process that sends is gone."""
_LOOK_EVERY: Final = 60.0
"""Seconds after which a sender that nobody wakes looks again."""

_log: Final = logging.getLogger("klaviyo_bulk_events.queue")


class Sender:
    """One at a time takes from a backlog: so events go out in the order in which they arrived.

    `clock` tells Unix time, `ticks` is monotonic.
    """

    def __init__(
        self,
        backlog: Backlog,
        cutter: Cutter,
        carrier: Carrier,
        telling: Telling,
        options: Options,
        behind: Behind,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backlog = backlog
        self._cutter = cutter
        self._carrier = carrier
        self._telling = telling
        self._options = options
        self._behind = behind
        self._clock = clock
        self._ticks = ticks
        self._brake = Brake()
        self._paused_until = float("-inf")
        self._leads = False
        self._due_now = 0
        self._oldest = (0, 0.0)
        self._to_take_out: tuple[list[int], int] | None = None
        self.is_telling = False
        """Whether events were taken out whose outcomes are not told yet."""
        self._is_abandoned = False

    def run(self) -> None:
        """Send until stopped."""
        while not self._carrier.is_stopped:
            self.turn()

    def turn(self) -> None:
        """Send a request, or wait for something to send; not for long."""
        try:
            wait = self._wait()
            if self._leads:
                self._behind.look()
            if wait > 0:
                self._backlog.wait(wait)
            else:
                self._send()
        except SpoolError as error:
            self._pause(str(error))
        except Exception:  # or the queue would fill up, and nobody would know why
            _log.exception("the sender failed")
            self._pause("see the error above")

    def hurry(self, until: int) -> None:
        """Wait no longer for more: everything up to this number is due."""
        self._due_now = max(self._due_now, until)
        self._backlog.wake()

    def stop(self) -> None:
        """Send nothing more; what is under way may still be answered."""
        self._carrier.stop()
        self._backlog.wake()

    def cut(self) -> None:
        """Stop, and wait for no answer."""
        self._carrier.cut()
        self._backlog.wake()

    def abandon(self) -> None:
        """Tell nothing more: somebody else has told what became of what is left."""
        self._is_abandoned = True

    def _wait(self) -> float:
        """Seconds until there is something to send, as far as can be told now."""
        paused = self._paused_until - self._ticks()
        if paused > 0:
            return paused
        self._leads = self._backlog.lead()
        if not self._leads:
            return TRY_TO_LEAD_EVERY
        self._take_out()
        front = self._backlog.front(self._options.batch_events)
        return _LOOK_EVERY if front is None else self._due_in(front)

    def _due_in(self, front: Front) -> float:
        options = self._options
        is_full = front.events >= options.batch_events or front.bytes >= options.batch_bytes
        if is_full or front.oldest <= max(self._due_now, self._backlog.in_doubt):
            return 0.0
        number, seen = self._oldest
        if number != front.oldest:
            seen = self._ticks()
            self._oldest = (front.oldest, seen)
        # By both clocks: one that is set back must not keep events waiting.
        return options.max_age - max(self._clock() - front.arrived, self._ticks() - seen)

    def _send(self) -> None:
        doubt = self._backlog.in_doubt
        entries = self._backlog.first(self._options.batch_events, doubt or None)
        if not entries:
            self._backlog.settled((), 0)
            return
        batch = self._cutter.cut(entries, in_doubt=doubt > 0)
        if self._is_marked(batch) and batch.chunk is not None:
            self._settle(batch, self._carrier.carry(batch.chunk), doubt)

    def _is_marked(self, batch: Batch) -> bool:
        """Whether the events may be sent now; those that repeat others are settled."""
        try:
            self.is_telling = bool(batch.repeats)
            is_there = self._backlog.sending(batch.numbers.values(), batch.repeats)
            for outcome in batch.repeats.values() if is_there else ():
                self._telling.one(outcome)
        finally:
            self.is_telling = False
        return is_there

    def _settle(self, batch: Batch, settlement: Settlement, doubt: int) -> None:
        final = [fate for fate in settlement.fates if self._carrier.is_final(fate)]
        left = [fate for fate in settlement.fates if not self._carrier.is_final(fate)]
        last = max(batch.numbers.values())
        # What was in doubt may have been more than goes into one request now.
        if doubt <= last:
            doubt = last if any(fate.status is Status.UNKNOWN for fate in left) else 0
        numbers = [batch.numbers[id(event)] for fate in final for event in fate.events]
        self._to_take_out = (numbers, doubt)
        self.is_telling = True
        try:
            self._take_out()
        finally:
            self._tell(final)
            self.is_telling = False
            self._look_at(settlement, is_stuck=bool(left) and not numbers)

    def _take_out(self) -> None:
        """Take out what is settled, also if it could not be done when it was."""
        if self._to_take_out is not None:
            self._backlog.settled(*self._to_take_out)
            self._to_take_out = None

    def _tell(self, final: list[Fate]) -> None:
        for fate in final if not self._is_abandoned else ():
            self._telling.events(fate.events, fate.status, *fate.problems)

    def _look_at(self, settlement: Settlement, *, is_stuck: bool) -> None:
        if self._carrier.is_stopped:
            return
        # A refusal of an event that goes alone says nothing of the next one.
        is_of_many = settlement.chunk is not None and len(settlement.chunk) > 1
        reason = settlement.stop or (self._brake.see(settlement) if is_of_many else None)
        reason = reason or settlement.outage
        if reason is not None or is_stuck:
            self._pause(reason or "nothing was settled")

    def _pause(self, reason: str) -> None:
        seconds = self._options.retry_after
        self._paused_until = self._ticks() + seconds
        _log.error("%s. Events wait; the next attempt is in %.0f s", reason, seconds)
