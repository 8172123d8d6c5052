"""Calls the command, and gathers what it left."""

import re
import signal
import time
from pathlib import Path
from typing import Any, Final

import orjson
from attrs import define, field

from chaos import command, options
from chaos.command import INTERRUPTED, Ended, Interruption
from chaos.faults import Kind, RunFailedError, Wrong
from chaos.held import Held
from chaos.plan import LONG, Plan
from chaos.sources import Source
from chaos.step import Step, all_items, read_aside
from klaviyo_bulk_events.emulator import RequestRecord, Running
from klaviyo_bulk_events.rates import Rate

_LATE: Final = "late"
_QUIET: Final = 0.05
_ATTEMPT: Final = re.compile(r"^attempt \d+, .* bytes: (?!HTTP )", re.MULTILINE)
_SERVER_ERROR: Final = 500
_ANY_NUMBER: Final = 10**9


@define
class Caller:
    """Calls the command in a folder. `seen` counts the requests of the calls before."""

    plan: Plan
    folder: Path
    running: Running
    held: Held
    calls: int = 0
    seen: int = 0
    killed: int = 0
    interrupted: int = 0
    late: int = 0
    _ever_lost: set[int] = field(factory=set, init=False)

    def call(
        self,
        given: list[Source],
        interruption: Interruption | None,
        *,
        patient: bool,
        journal: bool,
    ) -> Step | None:
        """Send the sources; None if the command did not live to report. Raises RunFailedError."""
        arguments = options.arguments(self.plan, given, patient=patient)
        if journal:
            arguments += options.JOURNAL
        else:
            self._wait_for_windows()
        (self.folder / options.REPORT).unlink(missing_ok=True)
        self.calls += 1
        ended = command.run(arguments, self.folder, self.running.url, interruption)
        self.killed += ended.code == -signal.SIGKILL
        self.interrupted += interruption is not None and ended.code in INTERRUPTED
        self._settle()
        return self._step(given, ended, journal=journal)

    def _wait_for_windows(self) -> None:
        """A new process knows nothing of what the one before it sent."""
        requests = self.running.emulator.requests(offset=max(0, self.seen - 1))
        if requests:
            longest = max(Rate.parse(rate).seconds for rate in self.plan.rates)
            free = requests[-1].arrived + longest + _QUIET
            time.sleep(max(0.0, free - self.running.emulator.now()))

    def _settle(self) -> None:
        """Wait until the emulator has nothing more to do."""
        end = time.monotonic() + 2 * LONG
        before = -1
        while time.monotonic() < end:
            requests = self.running.emulator.requests(offset=self.seen)
            late = any(r.fault == _LATE and r.processed is None for r in requests)
            if len(requests) == before and not late:
                return
            before = len(requests)
            time.sleep(_QUIET)

    def _step(self, given: list[Source], ended: Ended, *, journal: bool) -> Step | None:
        came = self.held.follow(self.running.emulator)
        requests = self.running.emulator.requests(offset=self.seen)
        self.seen += len(requests)
        report = self._report(ended)
        lost = self._lost(requests, died=report is None)
        self._ever_lost |= lost
        if report is None:
            return None
        late = _unanswered(ended.output) - sum(self._is_unanswered(r) for r in requests)
        self.late += late
        aside, strays = read_aside(self.folder / options.REJECTS, given)
        return Step(
            plan=self.plan,
            items=all_items(given)[: report["submitted"]],
            given=sum(len(source.items) for source in given),
            code=ended.code,
            report=report,
            aside=aside,
            strays=strays,
            requests=requests,
            came=set(self.held.requests) if journal else came,
            lost=self._ever_lost if journal else lost,
            window=_ANY_NUMBER if journal else self.plan.window,
            is_resumed=journal,
            late=late,
        )

    def _lost(self, requests: list[RequestRecord], *, died: bool) -> set[int]:
        """The requests of which nobody learnt what became of them."""
        return {r.number for r in requests if died or self.plan.loses(r.fault, r.status)}

    def _is_unanswered(self, request: RequestRecord) -> bool:
        return self.plan.loses(request.fault, request.status) and (
            request.status is None or request.status < _SERVER_ERROR
        )

    def _report(self, ended: Ended) -> dict[str, Any] | None:
        if ended.code == -signal.SIGKILL:
            return None  # what it wrote, if it came to that, need not be whole
        path = self.folder / options.REPORT
        if path.exists() and path.stat().st_size:
            report: dict[str, Any] = orjson.loads(path.read_bytes())
            return report
        if ended.code < 0 or ended.code in INTERRUPTED:
            return None
        text = f"the exit code is {ended.code} and there is no report: {ended.output}"
        raise RunFailedError(f"call {self.calls}", [Wrong(Kind.OTHER, text)])


def _unanswered(output: str) -> int:
    """How many attempts had no complete answer, as the command saw it."""
    return len(_ATTEMPT.findall(output))
