"""The campaign over a spool: processes that share one are killed at any moment."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import orjson
from attrs import define, field, frozen

from klaviyo_bulk_events import KlaviyoBulkEvents
from klaviyo_bulk_events.emulator import SUMMARIES, Running, Settings, running
from klaviyo_bulk_events.emulator.faults import POISON

_READINGS: Final[Sequence[Literal["fail", "drop"]]] = ("fail", "drop")
_NOT_MET: Final = frozenset({POISON, "throttled_long"})
_OUTAGE: Final = "html_503"
_PATIENCE: Final = 120.0
_OFTEN: Final = 0.01
_LONGEST_LIFE: Final = 0.6
_ROOT: Final = Path(__file__).parent.parent


@frozen(kw_only=True)
class SpoolPlan:
    """What a seed decides. `count` is the number of events that each process puts."""

    seed: int
    count: int
    processes: int
    kills: int
    outages: int
    reading: Literal["fail", "drop"]
    faults: dict[str, float]
    max_age: float
    batch_events: int
    rests: float


@frozen(kw_only=True)
class SpoolResult:
    """One run's figures; `failure` says what was wrong with it."""

    seed: int
    seconds: float
    put: int
    killed: int
    requests: int
    again: int
    faults: Counter[str]
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    strange: int = 0
    failure: str | None = None


def spool_plan(seed: int, events: int) -> SpoolPlan:
    """The plan of a seed."""
    random = Random(seed)
    processes = random.randint(2, 4)
    names = [name for name in SUMMARIES if name not in _NOT_MET]
    chosen = {names[seed % len(names)], *random.sample(names, random.randint(0, 5))}
    total = random.uniform(0.1, 0.5)
    return SpoolPlan(
        seed=seed,
        count=events // processes,
        processes=processes,
        kills=random.randint(3, 12),
        outages=random.choice((0, 0, 1)),
        reading=random.choice(_READINGS),
        faults=dict.fromkeys(sorted(chosen), total / len(chosen)),
        max_age=random.choice((0.0, 0.01, 0.05)),
        batch_events=random.choice((1, 7, 100, 1_000)) if events <= 1_000 else 1_000,
        rests=random.choice((0.1, 0.5, 1.0)),
    )


@define
class Worker:
    """A process that puts events, again and again until all are put. Its name tells its events."""

    name: str
    told: dict[str, Any]
    folder: Path
    killed: int = 0
    _process: "subprocess.Popen[bytes] | None" = None
    _first: int = 0
    _noted: int = 0
    maybe: set[int] = field(factory=set)
    """Events whose `put` was under way when it was killed."""

    @property
    def notes(self) -> list[bytes]:
        """What it has noted."""
        path = self.folder / self.name
        return path.read_bytes().splitlines() if path.exists() else []

    @property
    def put(self) -> list[int]:
        """The events whose `put` has returned."""
        return [int(note) for note in self.notes if note != b"end"]

    @property
    def is_done(self) -> bool:
        """Whether it has put everything."""
        return self.notes[-1:] == [b"end"]

    @property
    def has_begun(self) -> bool:
        """Whether it has noted anything since it was started, or has nothing left to put."""
        return len(self.notes) > self._noted or self._first >= self.told["count"]

    def start(self) -> None:
        """Start it, or go on where it was killed."""
        self._noted = len(self.notes)
        told = {**self.told, "name": self.name, "notes": str(self.folder / self.name)}
        command = (
            sys.executable,
            "-m",
            "chaos.putting",
            orjson.dumps({**told, "first": self._first}),
        )
        with (self.folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(command, cwd=_ROOT, stdout=output, stderr=output)

    def kill(self) -> None:
        """End it as the kernel does."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None
        self.killed += 1
        under_way = max([self._first - 1, *self.put]) + 1
        self.maybe.add(under_way)
        self._first = under_way + 1


@define
class SpoolRun:
    """Carries out a plan in a folder of its own, against an emulator of its own."""

    plan: SpoolPlan
    folder: Path
    served: Running
    workers: list[Worker] = field(init=False)
    _random: Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        plan = self.plan
        self._random = Random(plan.seed + 1)
        told = {
            "url": self.served.url,
            "spool": str(self.folder / "spool.db"),
            "count": plan.count,
            "max_age": plan.max_age,
            "batch_events": plan.batch_events,
            "rests": plan.rests,
        }
        self.workers = [Worker(f"w{n}", told, self.folder) for n in range(plan.processes)]

    def carry_out(self) -> None:
        """Put and kill, then deliver what is left. Raises AssertionError if that does not end."""
        outages = {self._random.randrange(self.plan.kills) for _ in range(self.plan.outages)}
        try:
            for worker in self.workers:
                worker.start()
            for kill in range(self.plan.kills):
                self._outage(on=kill in outages)
                victim = self._random.choice(self.workers)
                self._wait_for(victim)
                time.sleep(self._random.uniform(0.0, _LONGEST_LIFE))
                victim.kill()
                victim.start()
            self._outage(on=False)
            self._wait()
        finally:
            for worker in self.workers:
                worker.kill()
        self._deliver()

    def _outage(self, *, on: bool) -> None:
        self.served.emulator.set_faults({_OUTAGE: 1.0} if on else self.plan.faults)

    def _wait(self) -> None:
        end = time.monotonic() + _PATIENCE
        while not all(worker.is_done for worker in self.workers):
            assert time.monotonic() < end, "the processes did not put everything in time"
            time.sleep(_OFTEN)

    def _wait_for(self, worker: Worker) -> None:
        """A process that has not begun is nothing to kill, but for once in a while."""
        end = time.monotonic() + self._random.uniform(0.0, _PATIENCE)
        while not worker.has_begun and time.monotonic() < end:
            time.sleep(_OFTEN)

    def _deliver(self) -> None:
        """What the last of them left, another process delivers: this one."""
        with KlaviyoBulkEvents(
            "pk_chaos", base_url=self.served.url, rates=["1000/s"], timeout=1.0
        ) as klaviyo:
            queue = klaviyo.queue(
                backfill=False, spool=self.folder / "spool.db", retry_after=0.2, exit_timeout=0.0
            )
        delivered = queue.flush(_PATIENCE)
        queue.close()
        assert delivered, f"not everything was delivered in {_PATIENCE:g} s"


def attempt_spool(seed: int, events: int) -> SpoolResult:
    """Carry out the run of a seed."""
    plan = spool_plan(seed, events)
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-spool-{seed}-"))
    settings = Settings(
        rates=(),
        repeats=plan.reading,
        faults=plan.faults,
        seed=seed,
        keep=10_000_000,
        delay=0.1,
        pause=0.002,
    )
    begun = time.monotonic()
    with running(settings) as served:
        run = SpoolRun(plan, folder, served)
        failure = None
        try:
            run.carry_out()
        except Exception as error:  # a run that breaks the campaign must not end the others
            failure = f"{type(error).__name__}: {error}"
        result = compared(run, time.monotonic() - begun, failure)
    if result.failure is None:
        shutil.rmtree(folder)
    return result


def compared(run: SpoolRun, seconds: float, failure: str | None) -> SpoolResult:
    """What the emulator holds, against what `put` took."""
    emulator = run.served.emulator
    came: dict[str, list[int]] = {worker.name: [] for worker in run.workers}
    for event in emulator.events():
        came[event.profile["external_id"]].append(event.properties["n"])
    wrong: Counter[str] = Counter()
    for worker in run.workers:
        theirs = came[worker.name]
        put = worker.put
        wrong["lost"] += len(set(put) - set(theirs))
        wrong["doubled"] += len(theirs) - len(set(theirs))
        wrong["strange"] += len(set(theirs) - set(put) - worker.maybe)
        wrong["disordered"] += sum(later < n for n, later in pairwise(theirs))
    if failure is None and wrong.total():
        failure = ", ".join(f"{name}: {count}" for name, count in wrong.items() if count)
    if failure is not None:
        failure = f"{run.plan}\n{failure}\nThe files are in {run.folder}"
    return SpoolResult(
        seed=run.plan.seed,
        seconds=seconds,
        put=sum(len(worker.put) for worker in run.workers),
        killed=sum(worker.killed for worker in run.workers),
        requests=emulator.summary()["requests"],
        again=emulator.summary()["repeats"],
        faults=Counter(emulator.summary()["faults"]),
        failure=failure,
        **wrong,
    )


def spools_told(results: Sequence[SpoolResult]) -> Iterator[str]:
    """The figures of all runs, in lines."""

    def total(name: str) -> int:
        return sum(getattr(result, name) for result in results)

    faults: Counter[str] = sum((result.faults for result in results), Counter())
    yield f"{len(results):,} runs, {total('put'):,} events put into spools"
    yield f"{total('killed'):,} processes killed, {total('requests'):,} requests"
    yield f"{total('again'):,} times an event came that was there already, and was told from others"
    yield f"{faults.total():,} faults of requests, of {len(faults)} kinds"
    yield from (f"{name}: {total(name):,}" for name in ("lost", "doubled", "disordered", "strange"))
    failed = [str(result.seed) for result in results if result.failure]
    yield f"failed seeds: {', '.join(failed) or 'none'}"
