"""One run: the command is called until everything that can get in is in."""

import signal
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from attrs import define, field

from chaos import limits, records, sums
from chaos.calling import Caller
from chaos.claims import CONFLICT, Claims
from chaos.command import Interruption
from chaos.faults import Kind, RunFailedError, Wrong, all_of
from chaos.held import Held
from chaos.plan import Plan
from chaos.records import Item
from chaos.sources import Folder, Source
from chaos.step import Step
from klaviyo_bulk_events.emulator import Emulator, Running
from klaviyo_bulk_events.emulator.faults import POISON
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST

_FAULTY_CALLS: Final = 2
_MOST_CALLS: Final = 16
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_LONGEST_WAIT: Final = 1.0
_SHOWN: Final = 300


@define
class Run:
    """Carries out a plan in a folder of its own, against an emulator of its own.

    `generating` and `comparing` are the seconds that it takes for itself.
    """

    plan: Plan
    folder: Path
    running: Running
    refused: set[int] = field(factory=set)
    conflicts: set[int] = field(factory=set)
    cut_short: int = 0
    generating: float = 0.0
    comparing: float = 0.0
    items: list[Item] = field(init=False)
    held: Held = field(init=False)
    caller: Caller = field(init=False)
    _random: Random = field(init=False)
    _files: Folder = field(init=False)
    _is_resumed: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        begun = time.monotonic()
        self.items = records.items(self.plan)
        self.held = Held.of(self.items)
        self.caller = Caller(self.plan, self.folder, self.running, self.held)
        self._random = Random(self.plan.seed + 2)
        self._files = Folder(self.folder)
        self.generating = time.monotonic() - begun

    @property
    def emulator(self) -> Emulator:
        """The emulator."""
        return self.running.emulator

    def carry_out(self) -> None:
        """Deliver, and compare after each call and at the end. Raises RunFailedError."""
        whole = self._files.source(self.items, self.plan)
        left = self._resumed(whole) if self.plan.journal else self._first(whole)
        while left:
            left = self._following(self._call(left), left)
        lost = self.held.lost(self.items, self.refused, self.conflicts)
        wrong = all_of(Kind.LOST, (str(item.line[:_SHOWN]) for item in lost))
        self._raise_for([*wrong, *all_of(Kind.LIMIT, limits.broken(self.emulator))])

    def _first(self, whole: Source) -> list[Source]:
        """The first call, which may be ended from outside; what is left then."""
        if self.plan.ending == "itself":
            return [whole]
        number = signal.SIGKILL if self.plan.ending == "kill" else self._random.choice(_SIGNALS)
        return self._following(self._call([whole], self._interruption(number)), [whole])

    def _resumed(self, whole: Source) -> list[Source]:
        """The same command again and again, killed first, until it has nothing more to do."""
        for _ in range(self.plan.kills if self.plan.ending == "kill" else 0):
            self._call([whole], self._interruption(signal.SIGKILL))
        while True:
            step = self._call([whole])
            if step is not None and not step.is_to_be_resumed:
                self._is_resumed = True
                return self._following(step, [whole])

    def _call(self, given: list[Source], interruption: Interruption | None = None) -> Step | None:
        """Call the command; from the third call on, nothing but poison stands in the way."""
        if self.caller.calls >= _MOST_CALLS:
            left = sum(len(source.items) for source in given)
            text = f"{left} records are still to be sent after {self.caller.calls} calls"
            self._raise_for(all_of(Kind.OTHER, [text]))
        patient = self.caller.calls - self.cut_short >= _FAULTY_CALLS
        if patient:
            self.emulator.set_faults({POISON: self.plan.faults[POISON]})
        journal = self.plan.journal and not self._is_resumed
        step = self.caller.call(given, interruption, patient=patient, journal=journal)
        self.cut_short += step is None
        begun = time.monotonic()
        self._check(step)
        self.comparing += time.monotonic() - begun
        return step

    def _interruption(self, number: signal.Signals) -> Interruption:
        """One at any moment: before the first request, or while they are under way."""
        chunks = self.plan.events // EVENTS_PER_REQUEST.value
        seen = self.caller.seen + self._random.choice((0, 1, 1, 2, chunks))
        after = time.monotonic() + self._random.uniform(0.0, _LONGEST_WAIT)

        def is_time() -> bool:
            return time.monotonic() > after and self.emulator.summary()["requests"] >= seen

        return Interruption(number, is_time)

    def _check(self, step: Step | None) -> None:
        self._raise_for(self.held.wrong)
        if step is None:
            return
        wrong = all_of(Kind.SUM, [*step.strays, *sums.wrong(step)])
        self._raise_for([*wrong, *all_of(Kind.CLAIM, Claims(step, self.held).wrong())])
        for at, aside in step.aside.items():
            content = step.items[at].content
            if content is not None and aside.is_named_by_server:
                self.refused.add(content.number)
            elif content is not None and aside.code == CONFLICT:
                self.conflicts.add(content.number)

    def _raise_for(self, wrong: Sequence[Wrong]) -> None:
        if wrong:
            raise RunFailedError(f"call {self.caller.calls}", wrong)

    def _following(self, step: Step | None, given: Sequence[Source]) -> list[Source]:
        """What a user sends next: what was set aside, and what was not read."""
        if step is None:
            return list(given)
        again = step.to_send_again(whole=self.plan.whole)
        following = [self._files.set_aside(again)] if again else []
        read = len(step.items)
        for source in given:
            rest = source.items[read:]
            read = max(0, read - len(source.items))
            if rest and source.is_set_aside:
                following.append(self._files.set_aside(rest))
            elif rest:
                following.append(self._files.source(rest, self.plan))
        return following
