"""The emulator without a wire: what arrives, what becomes of it, what is answered."""

import random as randomness
import time
from collections.abc import Callable, Mapping
from functools import partial
from threading import RLock
from typing import Any, Final

from attrs import asdict, evolve

from klaviyo_bulk_events.emulator.exchanges import Exchange
from klaviyo_bulk_events.emulator.faults import POISON
from klaviyo_bulk_events.emulator.keys import Key
from klaviyo_bulk_events.emulator.ledger import RequestRecord
from klaviyo_bulk_events.emulator.listeners import Listeners
from klaviyo_bulk_events.emulator.memory import Event, Packed
from klaviyo_bulk_events.emulator.messages import Plan, Request
from klaviyo_bulk_events.emulator.misfortune import Misfortune, check_name, check_probabilities
from klaviyo_bulk_events.emulator.news import Mark, News
from klaviyo_bulk_events.emulator.poison import Poison, Predicate
from klaviyo_bulk_events.emulator.reception import Reception
from klaviyo_bulk_events.emulator.settings import Settings

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
        self._random = random or randomness.Random(self.seed)  # noqa: S311 - faults are no secrets
        self._lock = RLock()
        self._misfortune = Misfortune(dict(self.settings.faults), self._random)
        self._poison = Poison(self.settings.faults.get(POISON, 0.0), self.seed)
        self.listeners = Listeners()
        self._resets = 0
        self._start()

    def _start(self) -> None:
        self._reception = Reception(
            self.settings,
            self._random,
            self._misfortune,
            self._poison,
            self.now,
            self.listeners.tell,
        )

    def now(self) -> float:
        """The time of its clock in Unix seconds, to be taken when a request's head is there."""
        return self._clock()

    def receive(self, request: Request, arrived: float | None = None) -> Plan:
        """Take a request that arrived at this time, and say what is to happen on the wire.

        One that arrived before the last reset is broken off, and leaves no trace.
        """
        with self._lock:
            reception = self._reception
            plan = reception.receive(request, self.now() if arrived is None else arrived)
            if plan.after_hangup is None:
                return plan
            return evolve(plan, after_hangup=partial(self._late, reception, plan.after_hangup))

    def _late(self, reception: Reception, process: Callable[[], object]) -> None:
        """Process a request whose client gave up, unless there was a reset since it arrived."""
        with self._lock:
            if reception is self._reception:
                process()

    def held(self, since: float) -> float:
        """When a request counts as arrived that was held since a moment and now isn't any more.

        That is now; after a reset still that moment, so that `receive` breaks it off.
        """
        with self._lock:
            return since if self._reception.is_too_late(since) else self.now()

    def abandon(self, request: Request, arrived: float) -> None:
        """Count a request whose client left before its body's end, but for one before a reset."""
        with self._lock:
            self._reception.abandon(request, arrived)

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
            return self._reception.memory.find(profile, metric, unique_id, limit, offset)

    def requests(self, limit: int | None = None, offset: int = 0) -> list[RequestRecord]:
        """The requests that are still kept, oldest first."""
        with self._lock:
            return self._reception.ledger.latest(limit, offset)

    def poisoned(self) -> set[Key]:
        """The events that were refused as poison."""
        with self._lock:
            return set(self._poison.refused)

    def busiest(self, seconds: float) -> int:
        """The most requests that arrived within any window of this length, refused ones too.

        Of a length that is none of the rates', among the latest 50,000 requests at least.
        """
        with self._lock:
            return self._reception.arrivals.busiest(seconds)

    def summary(self) -> dict[str, Any]:
        """Counts over everything since the start or the last reset, as JSON can say them."""
        with self._lock:
            return {
                **asdict(self._reception.ledger.totals),
                "metrics": self._reception.memory.metrics,
                "keys_forgotten": self._reception.memory.keys_forgotten,
                "poisoned": len(self._poison.refused),
                "busiest": {str(rate): self.busiest(rate.seconds) for rate in self.settings.rates},
                "seed": self.seed,
            }

    def news(self, mark: Mark | None = None, since: float = 0.0) -> News:
        """What happened since a mark, with the rate windows since a moment."""
        with self._lock:
            seen = mark.changes if mark and mark.resets == self._resets else None
            return News(
                mark=Mark(self._resets, self._reception.ledger.changes),
                whole=seen is None,
                started=self._reception.started,
                now=self.now(),
                requests=[*self._reception.ledger.changed(seen or 0)],
                seconds=[*self._reception.ledger.pace.since(seen or 0)],
                windows=self._reception.accounts.windows(since),
                totals=asdict(self._reception.ledger.totals),
                faults=self.faults,
                asked={**self._misfortune.asked, **self._poison.asked},
            )

    def newest(self, limit: int, *, before: int | None, troubled: bool) -> list[RequestRecord]:
        """The kept requests before a number, newest first; or of them the ones in trouble."""
        with self._lock:
            return self._reception.ledger.newest(limit, before=before, troubled=troubled)

    def request(self, number: int) -> tuple[RequestRecord | None, Exchange | None]:
        """A request, and what was said in it, each if it is still kept."""
        with self._lock:
            return self._reception.ledger.get(number), self._reception.exchanges.get(number)

    def snapshot(self) -> list[Packed]:
        """The accepted events that are still kept, oldest first, for a look at many of them."""
        with self._lock:
            return self._reception.memory.snapshot()
