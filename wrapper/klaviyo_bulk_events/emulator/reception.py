"""What the endpoint received since it started, or since its last reset."""

import random as randomness
from collections.abc import Callable, Mapping
from functools import partial

from klaviyo_bulk_events.emulator import answers, body, gate
from klaviyo_bulk_events.emulator.accounts import Accounts
from klaviyo_bulk_events.emulator.exchanges import Exchanges
from klaviyo_bulk_events.emulator.faults import Fault, Processing
from klaviyo_bulk_events.emulator.judge import Judge
from klaviyo_bulk_events.emulator.ledger import Ledger, RequestRecord
from klaviyo_bulk_events.emulator.memory import Memory
from klaviyo_bulk_events.emulator.messages import Delivery, Plan, Reply, Request
from klaviyo_bulk_events.emulator.misfortune import Misfortune
from klaviyo_bulk_events.emulator.poison import Poison
from klaviyo_bulk_events.emulator.refusals import RequestRefused
from klaviyo_bulk_events.emulator.settings import Settings
from klaviyo_bulk_events.emulator.windows import Arrivals


class Reception:
    """Takes requests one by one, and remembers them with what became of them.

    `now` gives Unix seconds; `changed` is called when there is something new to see.
    """

    def __init__(
        self,
        settings: Settings,
        random: randomness.Random,
        misfortune: Misfortune,
        poison: Poison,
        now: Callable[[], float],
        changed: Callable[[], object],
    ) -> None:
        self._settings = settings
        self._misfortune = misfortune
        self._now = now
        self._changed = changed
        self.memory = Memory(settings.keep)
        self._judge = Judge(settings, self.memory, poison)
        self.accounts = Accounts(settings, random)
        self.arrivals = Arrivals(rate.seconds for rate in settings.rates)
        self.ledger = Ledger(settings.keep)
        self.exchanges = Exchanges(settings.keep, settings.keep_bytes)
        self.started = now()

    def receive(self, request: Request, arrived: float) -> Plan:
        """Take a request that arrived at this time, and say what is to happen on the wire.

        One that arrived before the start is broken off, and leaves no trace.
        """
        if self.is_too_late(arrived):
            return Plan(None, Delivery.RESET)
        try:
            gate.check_route(request)
        except RequestRefused as refused:
            # Browsers ask for many things; who posts elsewhere will miss its events.
            if request.method != "POST":
                return Plan(answers.refused(refused))
            return self._note(request, arrived, partial(self._turn_away, refused))
        return self._note(request, arrived, partial(self._admit, request))

    def is_too_late(self, arrived: float) -> bool:
        """Whether a request arrived before the start, where the clock wasn't set back since."""
        return arrived < self.started <= self._now()

    def abandon(self, request: Request, arrived: float) -> None:
        """Count a request whose client left before its body's end, but for one before the start."""
        try:
            gate.check_route(request)
        except RequestRefused:
            return
        if arrived >= self.started:
            self.arrivals.add(arrived)
            self.accounts.of(request).admit(arrived)

    def _note(
        self, request: Request, arrived: float, decide: Callable[[RequestRecord], Plan]
    ) -> Plan:
        record = self.ledger.open(arrived, len(request.body))
        self.exchanges.open(record.number, request)
        plan = decide(record)
        self.exchanges.answer(record.number, plan.told)
        self.ledger.answer(record, plan.status)
        self._changed()
        return plan

    def _admit(self, request: Request, record: RequestRecord) -> Plan:
        self.arrivals.add(record.arrived)
        wait = self.accounts.of(request).admit(record.arrived)
        if wait is not None:
            return Plan(answers.throttled(wait))
        fault = self._misfortune.draw()
        if fault is None:
            return Plan(self._process(request, record))
        self.ledger.meet(record, fault.name)
        return self._befall(fault, request, record)

    def _befall(self, fault: Fault, request: Request, record: RequestRecord) -> Plan:
        reply, after_hangup = None, None
        if fault.processing is Processing.AT_ONCE:
            reply = self._process(request, record)
        elif fault.processing is Processing.AFTER_HANGUP:
            after_hangup = partial(self._process_late, request, record)
        return Plan(
            answers.injected(fault.answer) if fault.answer else reply,
            fault.delivery,
            delay=self._settings.delay if fault.slow else 0.0,
            pause=self._settings.pause,
            after_hangup=after_hangup,
            hangup_delay=self._settings.delay,
        )

    def _process_late(self, request: Request, record: RequestRecord) -> None:
        self._process(request, record)
        self.ledger.change(record)
        self._changed()

    def _process(self, request: Request, record: RequestRecord) -> Reply:
        headers = self.accounts.of(request).headers(record.arrived)
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
        self.ledger.refuse(record, refused.status, refused.flaws)
        self.exchanges.refuse(record.number, refused.flaws)
        return answers.refused(refused, headers)

    def _take(self, request: Request, record: RequestRecord) -> None:
        gate.check_headers(request, self._settings.api_key)
        text = body.unpack(request.body, request.headers.get("content-encoding", ""))
        document = body.parse(text)
        self.ledger.hold(record, body.size(document))
        verdict = self._judge.judge(document, record.number, self._now())
        self.memory.add(verdict.events)
        self.ledger.accept(record, len(verdict.events), verdict.repeats, verdict.test_addresses)
