"""The emulator without a wire: what arrives, what becomes of it, what is answered."""

import random as randomness
import time
from collections.abc import Callable, Mapping
from functools import partial
from threading import RLock
from typing import Any, Final

from attrs import asdict

from klaviyo_bulk_events.emulator import answers, body, gate
from klaviyo_bulk_events.emulator.accounts import Accounts
from klaviyo_bulk_events.emulator.exchanges import Exchange, Exchanges
from klaviyo_bulk_events.emulator.faults import POISON, Fault, Processing
from klaviyo_bulk_events.emulator.judge import Judge
from klaviyo_bulk_events.emulator.keys import Key
from klaviyo_bulk_events.emulator.ledger import Ledger, RequestRecord
from klaviyo_bulk_events.emulator.listeners import Listeners
from klaviyo_bulk_events.emulator.memory import Event, Memory, Packed
from klaviyo_bulk_events.emulator.messages import Delivery, Plan, Reply, Request
from klaviyo_bulk_events.emulator.misfortune import Misfortune, check_name, check_probabilities
from klaviyo_bulk_events.emulator.news import Mark, News
from klaviyo_bulk_events.emulator.poison import Poison, Predicate
from klaviyo_bulk_events.emulator.refusals import RequestRefused
from klaviyo_bulk_events.emulator.settings import Settings
from klaviyo_bulk_events.emulator.windows import Arrivals

_SEED_BITS: Final = 32


class Emulator:
    """The endpoint, of one account or one to each key. No I/O; for use from any thread.

    `clock` gives Unix seconds. `random` decides phases and faults; by default it is made from the
    settings' seed, or from one of its own, which `seed` then tells, and begins anew at a reset.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.time,
        random: randomness.Random | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.seed = self.settings.seed
        if self.seed is None:
            self.seed = randomness.SystemRandom().getrandbits(_SEED_BITS)
        self._clock = clock
        self._is_seeded = random is None
        self._random = random or randomness.Random(self.seed)  # noqa: S311
        self._lock = RLock()
        self._misfortune = Misfortune(dict(self.settings.faults), self._random)
        self._poison = Poison(self.settings.faults.get(POISON, 0.0), self.seed)
        self.listeners = Listeners()
        self._resets = 0
        self._start()

    def _start(self) -> None:
        self._memory = Memory(self.settings.keep)
        self._judge = Judge(self.settings, self._memory, self._poison)
        self._accounts = Accounts(self.settings, self._random)
        self._arrivals = Arrivals(rate.seconds for rate in self.settings.rates)
        self._ledger = Ledger(self.settings.keep)
        self._exchanges = Exchanges(self.settings.keep, self.settings.keep_bytes)
        self._started = self.now()

    def now(self) -> float:
        """The time of its clock in Unix seconds, to be taken when a request's head is there."""
        return self._clock()

    def receive(self, request: Request, arrived: float | None = None) -> Plan:
        """Take a request that arrived at this time, and say what is to happen on the wire.

        One that arrived before the last reset is broken off, and leaves no trace.
        """
        with self._lock:
            moment = self.now() if arrived is None else arrived
            if self._is_before_reset(moment):
                return Plan(None, Delivery.RESET)
            try:
                gate.check_route(request)
            except RequestRefused as refused:
                # Browsers ask for many things; who posts elsewhere will miss its events.
                if request.method != "POST":
                    return Plan(answers.refused(refused))
                return self._note(request, moment, partial(self._turn_away, refused))
            return self._note(request, moment, partial(self._admit, request))

    def held(self, since: float) -> float:
        """When a request counts as arrived that was held since a moment and now isn't any more.

        That is now; after a reset still that moment, so that `receive` breaks it off.
        """
        with self._lock:
            return since if self._is_before_reset(since) else self.now()

    def _is_before_reset(self, moment: float) -> bool:
        """Whether a request arrived before a reset, where the clock wasn't set back since."""
        return moment < self._started <= self.now()

    def _note(
        self, request: Request, moment: float, decide: Callable[[RequestRecord], Plan]
    ) -> Plan:
        record = self._ledger.open(moment, len(request.body))
        self._exchanges.open(record.number, request)
        plan = decide(record)
        self._exchanges.answer(record.number, plan.told)
        self._ledger.answer(record, plan.status)
        self.listeners.tell()
        return plan

    def abandon(self, request: Request, arrived: float) -> None:
        """Count a request whose client left before its body's end, but for one before a reset."""
        with self._lock:
            try:
                gate.check_route(request)
            except RequestRefused:
                return
            if arrived >= self._started:
                self._arrivals.add(arrived)
                self._accounts.of(request).admit(arrived)

    def _admit(self, request: Request, record: RequestRecord) -> Plan:
        self._arrivals.add(record.arrived)
        wait = self._accounts.of(request).admit(record.arrived)
        if wait is not None:
            return Plan(answers.throttled(wait))
        fault = self._misfortune.draw()
        if fault is None:
            return Plan(self._process(request, record))
        self._ledger.meet(record, fault.name)
        return self._befall(fault, request, record)

    def _befall(self, fault: Fault, request: Request, record: RequestRecord) -> Plan:
        reply, after_hangup = None, None
        if fault.processing is Processing.AT_ONCE:
            reply = self._process(request, record)
        elif fault.processing is Processing.AFTER_HANGUP:
            after_hangup = partial(self._process_late, request, record, self._ledger)
        return Plan(
            answers.injected(fault.answer) if fault.answer else reply,
            fault.delivery,
            delay=self.settings.delay if fault.slow else 0.0,
            pause=self.settings.pause,
            after_hangup=after_hangup,
            hangup_delay=self.settings.delay,
        )

    def _process_late(self, request: Request, record: RequestRecord, ledger: Ledger) -> None:
        """Process a request whose client gave up, unless there was a reset since it arrived."""
        with self._lock:
            if ledger is self._ledger:
                self._process(request, record)
                self._ledger.change(record)
                self.listeners.tell()

    def _process(self, request: Request, record: RequestRecord) -> Reply:
        headers = self._accounts.of(request).headers(record.arrived)
        try:
            self._take(request, record)
        except RequestRefused as refused:
            return self._refuse(record, refused, headers)
        return Reply(202, headers)

    def _turn_away(self, refused: RequestRefused, record: RequestRecord) -> Plan:
        return Plan(self._refuse(record, refused, {}))

    def _refuse(
        self, record: RequestRecord, refused: RequestRefused, headers: Mapping[str, str]
    ) -> Reply:
        self._ledger.refuse(record, refused.status, refused.flaws)
        self._exchanges.refuse(record.number, refused.flaws)
        return answers.refused(refused, headers)

    def _take(self, request: Request, record: RequestRecord) -> None:
        gate.check_headers(request, self.settings.api_key)
        text = body.unpack(request.body, request.headers.get("content-encoding", ""))
        document = body.parse(text)
        self._ledger.hold(record, body.size(document))
        verdict = self._judge.judge(document, record.number, self.now())
        self._memory.add(verdict.events)
        self._ledger.accept(record, len(verdict.events), verdict.repeats, verdict.test_addresses)

    def inject(self, name: str, times: int = 1) -> None:
        """Have the next requests that aren't throttled meet a fault, before any that is drawn.

        `poison` refuses the first event of each, from then on whenever it comes.
        """
        check_name(name)
        with self._lock:
            if name == POISON:
                self._poison.inject(times)
            else:
                self._misfortune.inject(name, times)
            self.listeners.tell()

    def set_faults(self, faults: Mapping[str, float]) -> None:
        """Replace the probabilities of all faults; one that isn't named is off."""
        check_probabilities(faults)
        with self._lock:
            self._misfortune.probabilities = dict(faults)
            self._poison.probability = faults.get(POISON, 0.0)
            self.listeners.tell()

    def call_off(self) -> None:
        """Forget the faults that next requests were to meet; probabilities stay."""
        with self._lock:
            self._misfortune.forget()
            self._poison.call_off()
            self.listeners.tell()

    @property
    def faults(self) -> dict[str, float]:
        """The probabilities of the faults that are on, by name."""
        return dict(self._misfortune.probabilities)

    def refuse(self, predicate: Predicate | None) -> None:
        """Refuse, besides what is poisoned by probability, the events that this is true of.

        Where it raises, the event is not refused, and `check_predicate` tells.
        """
        with self._lock:
            self._poison.predicate = predicate

    def check_predicate(self) -> None:
        """Raise once what the predicate first raised: where it does, no event is refused."""
        with self._lock:
            error, self._poison.error = self._poison.error, None
        if error is not None:
            raise error

    def reset(self) -> None:
        """Forget what was received, and the faults asked for; probabilities stay.

        Phases and faults are drawn as at the start. Requests that are under way are broken off.
        """
        with self._lock:
            if self._is_seeded:
                self._random.seed(self.seed)
            self._misfortune.forget()
            self._poison.forget()
            self._resets += 1
            self._start()
            self.listeners.tell()

    def events(
        self,
        profile: str | None = None,
        metric: str | None = None,
        unique_id: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Event]:
        """The accepted events that are still kept, oldest first; `profile` is any identifier."""
        with self._lock:
            return self._memory.find(profile, metric, unique_id, limit, offset)

    def requests(self, limit: int | None = None, offset: int = 0) -> list[RequestRecord]:
        """The requests that are still kept, oldest first."""
        with self._lock:
            return self._ledger.latest(limit, offset)

    def poisoned(self) -> set[Key]:
        """The events that were refused as poison."""
        with self._lock:
            return set(self._poison.refused)

    def busiest(self, seconds: float) -> int:
        """The most requests that arrived within any window of this length, refused ones too.

        Of a length that is none of the rates', among the latest 50,000 requests at least.
        """
        with self._lock:
            return self._arrivals.busiest(seconds)

    def summary(self) -> dict[str, Any]:
        """Counts over everything since the start or the last reset, as JSON can say them."""
        with self._lock:
            return {
                **asdict(self._ledger.totals),
                "metrics": self._memory.metrics,
                "keys_forgotten": self._memory.keys_forgotten,
                "poisoned": len(self._poison.refused),
                "busiest": {str(rate): self.busiest(rate.seconds) for rate in self.settings.rates},
                "seed": self.seed,
            }

    def news(self, mark: Mark | None = None, since: float = 0.0) -> News:
        """What happened since a mark, with the rate windows since a moment."""
        with self._lock:
            seen = mark.changes if mark and mark.resets == self._resets else None
            return News(
                mark=Mark(self._resets, self._ledger.changes),
                whole=seen is None,
                started=self._started,
                now=self.now(),
                requests=[*self._ledger.changed(seen or 0)],
                seconds=[*self._ledger.pace.since(seen or 0)],
                windows=self._accounts.windows(since),
                totals=asdict(self._ledger.totals),
                faults=self.faults,
                asked={**self._misfortune.asked, **self._poison.asked},
            )

    def newest(self, limit: int, *, before: int | None, troubled: bool) -> list[RequestRecord]:
        """The kept requests before a number, newest first; or of them the ones in trouble."""
        with self._lock:
            return self._ledger.newest(limit, before=before, troubled=troubled)

    def request(self, number: int) -> tuple[RequestRecord | None, Exchange | None]:
        """A request, and what was said in it, each if it is still kept."""
        with self._lock:
            return self._ledger.get(number), self._exchanges.get(number)

    def snapshot(self) -> list[Packed]:
        """The accepted events that are still kept, oldest first, for a look at many of them."""
        with self._lock:
            return self._memory.snapshot()
