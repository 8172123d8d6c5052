"""What an emulator can be told to be."""

from collections.abc import Mapping
from math import isfinite
from typing import Final, Literal

from attrs import Attribute, field, frozen, validators

from klaviyo_bulk_events.emulator.misfortune import check_probabilities
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.limits import BURST, STEADY
from klaviyo_bulk_events.rates import Rate

DEFAULT_RATES: Final = tuple(Rate(rate.limit, rate.seconds) for rate in (BURST, STEADY))
DEFAULT_KEEP: Final = 100_000
DEFAULT_KEEP_BYTES: Final = 64_000_000

Repeats = Literal["fail", "drop"]
NamedFaults = Literal["all", "first"]
Pointers = Literal["exact", "event", "entry", "nothing"]


def _seconds(_: object, attribute: "Attribute[float]", value: float) -> None:
    if not (isfinite(value) and value >= 0):
        raise ConfigurationError(f"{attribute.name} needs seconds, 0 or more, not {value}")


def _count(_: object, attribute: "Attribute[int]", value: int) -> None:
    if value < 0:
        raise ConfigurationError(f"{attribute.name} needs 0 or more, not {value}")


def _probabilities(_: object, __: object, value: Mapping[str, float]) -> None:
    check_probabilities(value)


@frozen(kw_only=True)
class Settings:
    """How an emulator behaves; the defaults are Klaviyo's, as far as anybody knows.

    Attributes:
        rates: windows that are counted, none at all for no limit. The first stands in the headers.
        repeats: an event that was accepted before fails its request (the spec's word), or is
            dropped from it (the documentation's).
        name_faults: whether a refusal names every fault in the request, or the first.
        pointers: how far a refusal's pointers reach. Those to repeats always reach the `unique_id`.
        faults: a probability for each fault by name, per request; for `poison`, per event.
        seed: makes phases and faults the same in every run; without one they differ.
        keep: how many of the latest events and requests can be asked for: fewer events where they
            take more than 250 MB, and more than 2.5 KB on average. Counts stay whole, and repeats
            of the latest 2 million events are known, or of `keep` if that is more.
        keep_bytes: how many bytes of the latest requests' bodies can be looked at.
        api_key: the only key or token that is good; without one, any is.
        account_per_key: every key or token has windows of its own, as accounts have. What was
            accepted stays one memory.
        delay: seconds before a slow answer, and from a hang-up to late processing.
        pause: seconds between two bytes of a trickling or never-ending answer.
    """

    rates: tuple[Rate, ...] = field(default=DEFAULT_RATES, converter=tuple[Rate, ...])
    repeats: Repeats = field(default="fail", validator=validators.in_(("fail", "drop")))
    name_faults: NamedFaults = field(default="all", validator=validators.in_(("all", "first")))
    pointers: Pointers = field(
        default="exact", validator=validators.in_(("exact", "event", "entry", "nothing"))
    )
    faults: Mapping[str, float] = field(factory=dict, validator=_probabilities)
    seed: int | None = None
    keep: int = field(default=DEFAULT_KEEP, validator=_count)
    keep_bytes: int = field(default=DEFAULT_KEEP_BYTES, validator=_count)
    api_key: str | None = field(default=None, repr=False)
    account_per_key: bool = False
    delay: float = field(default=2.0, validator=_seconds)
    pause: float = field(default=0.1, validator=_seconds)
