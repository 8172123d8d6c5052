"""What a seed decides: the input's shape, the faults, and how the command is called."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, Literal

from attrs import asdict, frozen

from klaviyo_bulk_events.emulator import SUMMARIES
from klaviyo_bulk_events.emulator.faults import FAULTS, POISON, Fault, Processing
from klaviyo_bulk_events.emulator.messages import Delivery
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST

Reading = Literal["fail", "drop"]
Named = Literal["all", "first"]
Pointers = Literal["exact", "event", "entry", "nothing"]
Ending = Literal["itself", "signal", "kill"]

_READINGS: Final[Sequence[Reading]] = ("fail", "drop")
_NAMED: Final[Sequence[Named]] = ("all", "all", "first")
_POINTERS: Final[Sequence[Pointers]] = ("exact", "exact", "exact", "event", "entry", "nothing")
_ENDINGS: Final[Sequence[Ending]] = ("itself", "itself", "signal", "kill")

# No answer holds its place at the limiter until its lease ends: tight rates would only wait.
_LOOSE: Final = ("30/0.2s", "600/5s")
_TIGHT: Final = ("2/0.2s", "12/2s")
TIMEOUT: Final = 6.0
SHORT: Final = 0.2
LONG: Final = 7.0
"""Seconds around the timeout: of slow answers that are in time, and of those that aren't."""
_IN_TIME: Final = 0.002
_FOR_EVER: Final = 1.0
_ENDS_THE_RUN: Final = frozenset({"json_401", "json_403", "throttled_long"})
_WINDOWS: Final = (50, 300, 1_000, 100_000)
_BUDGETS: Final = (0, 4, 32, 100_000)
_BROKEN_OFF: Final = frozenset({Delivery.CUT, Delivery.ENDLESS})
_AT_LENGTH: Final = 0.02


@frozen(kw_only=True)
class Plan:
    """One run. `whole` sends all of a rejects file again, not only what is unresolved."""

    seed: int
    events: int
    form: Literal["jsonl", "csv"]
    packed: Literal["", ".gz", ".zst"]
    profiles: int
    padding: int
    flow: Literal["backfill", "live", "mixed"]
    derived: float
    bad: float
    repeats: float
    window: int
    timezone: str | None
    reading: Reading
    named: Named
    pointers: Pointers
    faults: Mapping[str, float]
    delay: float
    pause: float
    rates: tuple[str, ...]
    deadline: float
    max_in_flight: int
    budget: int
    whole: bool
    ending: Ending
    kills: int
    journal: bool

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in asdict(self).items())

    def loses(self, fault: str | None, status: int | None) -> bool:
        """Whether the client can't know by the answer what became of a request."""
        if status is None or status >= 500:
            return True
        return fault is not None and self._is_late(FAULTS[fault])

    def _is_late(self, fault: Fault) -> bool:
        slow = fault.slow and self.delay > TIMEOUT
        trickles = fault.delivery is Delivery.TRICKLE and self.pause > _AT_LENGTH
        return slow or trickles or fault.delivery in _BROKEN_OFF


def plan(seed: int, events: int, *, journal: bool) -> Plan:
    """The plan of a seed; `journal` says whether the command has one."""
    random = Random(seed)
    named, reading = random.choice(_NAMED), random.choice(_READINGS)
    pointers = random.choice(_POINTERS)
    # Where events are found one by one, every fault of a request adds to the time of a long chain.
    chained = named == "first" or pointers in ("entry", "nothing")
    slowly = named == "first" and reading == "fail"
    faults = _faults(random, seed, chained=chained)
    if slowly:
        _moderate(faults, events)
    patient = chained or _leave_places_held(faults)
    ending = random.choice(_ENDINGS)
    with_journal = random.random() < (0.8 if ending == "kill" else 0.2) and journal
    if ending == "kill" and slowly and not with_journal:
        ending = "signal"  # everything again, a request for each event, takes too long
    if with_journal:
        faults.pop("throttled_long", None)  # the pause outlives the run, as it should: an hour
    return Plan(
        seed=seed,
        events=events,
        form=random.choice(("jsonl", "csv")),
        packed=random.choice(("", "", ".gz", ".zst")),
        profiles=random.choice((1, 20, events // 10 + 1, events)),
        padding=random.choice((0, 0, 150) if chained else (0, 150, 300, 900, 3_000)),
        flow=random.choice(("backfill", "live", "mixed")),
        derived=random.choice((0.0, 0.0, 0.5, 1.0)),
        bad=random.uniform(0.0, 0.03),
        repeats=random.uniform(0.0, 0.05),
        window=random.choice(_WINDOWS),
        timezone=random.choice((None, "Europe/London")),
        reading=reading,
        named=named,
        pointers=pointers,
        faults=faults,
        delay=random.choice((SHORT, SHORT, LONG)),
        pause=random.choice((_IN_TIME, _FOR_EVER)),
        rates=_LOOSE if patient else _TIGHT,
        deadline=random.choice((2.0, 60.0, 60.0) if chained else (0.5, 6.0, 30.0)),
        max_in_flight=random.choice((5, 10) if patient else (1, 3, 10)),
        budget=random.choice(_BUDGETS),
        whole=random.random() < 0.3,
        ending=ending,
        kills=random.randint(1, 4),
        journal=with_journal,
    )


def _faults(random: Random, seed: int, *, chained: bool) -> dict[str, float]:
    """Probabilities. Each fault gets its turn as seeds go by; now and then all come at once."""
    names = [name for name in SUMMARIES if name != POISON]
    if random.random() < 0.15:
        chosen = names
    else:
        chosen = [names[seed % len(names)], *random.sample(names, random.randint(0, 6))]
    total = random.uniform(0.01, 0.05) if chained else random.uniform(0.05, 0.4)
    faults = dict.fromkeys(chosen, total / len(set(chosen)))
    for name in _ENDS_THE_RUN & faults.keys():
        faults[name] = min(faults[name], 0.01)
    return {**faults, POISON: random.uniform(0.01, 0.015 if chained else 0.05)}


def _moderate(faults: dict[str, float], events: int) -> None:
    """Lose about one processed request: each of its events then takes a request of its own."""
    costly = [
        name
        for name in faults
        if name != POISON and FAULTS[name].processing is not Processing.NEVER
    ]
    most = EVENTS_PER_REQUEST.value / events
    for name in costly:
        faults[name] = min(faults[name], most / len(costly) / 10)


def _leave_places_held(faults: Mapping[str, float]) -> bool:
    whole = (Delivery.WHOLE, Delivery.TRICKLE)
    return any(FAULTS[name].delivery not in whole for name in faults if name in FAULTS)
