"""How a client sends, whichever driver it has."""

import logging
import random
import time
from collections.abc import Iterable, Mapping
from typing import Final

from attrs import define, field

from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.delivery import Delivery, Steps
from klaviyo_bulk_events.encoder import Encoder
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.limiter import Limiter
from klaviyo_bulk_events.limiting import LimiterUrl, places_for, shared_out
from klaviyo_bulk_events.limits import BURST, STEADY
from klaviyo_bulk_events.planner import Planner
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.records import Event
from klaviyo_bulk_events.repeats import Memory
from klaviyo_bulk_events.steps import Notice, Watcher

SPEC_RATES: Final = (
    Rate(BURST.limit, BURST.seconds),
    Rate(STEADY.limit, STEADY.seconds),
)
_FINITE: Final = 86_400.0
_LEASE_MARGIN: Final = 10.0
"""Seconds by which what was written just before a connection was shut may arrive later."""


_log = logging.getLogger("klaviyo_bulk_events")


def guarded(watch: Watcher) -> Watcher:
    """A watcher whose own faults can't take events down with it."""

    def tell(notice: Notice) -> None:
        try:
            watch(notice)
        except Exception:
            _log.exception("on_event raised; the delivery goes on")

    return tell


def ignore(notice: Notice) -> None:
    """The watcher of those who don't watch."""


@define(kw_only=True)
class Settings:
    """Seconds are counted on the monotonic clock."""

    rates: tuple[Rate, ...]
    timeout: float
    deadline: float
    wait_for_outage: float | None
    max_in_flight: int
    narrowing_budget: int
    resend_unsafe: bool
    watch: Watcher
    shared_limiter: LimiterUrl
    account: str | None
    limiter: Limiter = field(init=False)

    def __attrs_post_init__(self) -> None:
        longest = {"timeout": _FINITE, "deadline": float("inf")}
        if self.wait_for_outage is not None:
            longest["wait_for_outage"] = float("inf")
        for name, most in longest.items():
            seconds = getattr(self, name)
            if not isinstance(seconds, int | float) or not 0 < seconds <= most:
                raise ConfigurationError(f"{name} must be seconds above 0, not {seconds!r}")
        for name, least in (("narrowing_budget", 0), ("max_in_flight", 1)):
            number = getattr(self, name)
            if not isinstance(number, int) or number < least:
                raise ConfigurationError(f"{name} must be {least} or more, not {number!r}")
        lease = self.timeout + _LEASE_MARGIN
        places = places_for(self.shared_limiter, self.account, self.rates, lease)
        self.limiter = Limiter(places, patience=self.longest)

    @property
    def longest(self) -> float:
        """For how many seconds a request is tried."""
        return max(self.deadline, self.wait_for_outage or 0.0)

    def deliver(self, chunk: Chunk, *, watch: Watcher) -> Steps:
        """The steps that deliver a chunk, telling what happens to `watch`."""
        return Delivery(
            chunk,
            deadline=self.longest,
            budget=self.narrowing_budget,
            clock=time.monotonic,
            random=random.random,
            watch=watch,
            resend_unsafe=self.resend_unsafe,
        ).steps()


def together(first: Watcher, second: Watcher) -> Watcher:
    """A watcher that tells both."""

    def tell(notice: Notice) -> None:
        first(notice)
        second(notice)

    return tell


def check_events(events: object) -> None:
    """Raises ConfigurationError for what is one event, or text, where many are expected."""
    if isinstance(events, str | bytes | Mapping | Event):
        kind = type(events).__name__
        raise ConfigurationError(f"events must be an iterable of events, not one {kind}")


def planner(
    intake: Intake,
    backfill: bool | None,
    *,
    keep_records: bool = True,
    repeats: Memory | None = None,
) -> Planner:
    """A planner for one run."""
    check_backfill(backfill)
    encoder = Encoder(intake, backfill)
    return Planner(encoder, intake, keep_records=keep_records, repeats=repeats)


def check_backfill(backfill: object) -> None:
    """Raises ConfigurationError for a flag that is none."""
    if backfill is not None and not isinstance(backfill, bool):
        raise ConfigurationError("backfill is True, False, or None: every event says it itself")


def read_rates(rates: Iterable[Rate | str] | None, share: float) -> tuple[Rate, ...]:
    """The rates to keep: a share of those given, or of the spec's."""
    return shared_out(SPEC_RATES if rates is None else _read_rates(rates), share)


def _read_rates(rates: Iterable[Rate | str]) -> tuple[Rate, ...]:
    if isinstance(rates, str):
        raise ConfigurationError(f"rates is a list, such as [{rates!r}]")
    read = tuple(rate if isinstance(rate, Rate) else Rate.parse(rate) for rate in rates)
    if not read:
        raise ConfigurationError("there must be at least one rate")
    return read
