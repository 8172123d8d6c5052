"""How a queue keeps and sends what is put into it."""

from enum import StrEnum
from typing import Final

from attrs import field, frozen

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST, REQUEST_BYTES

_IN_MEMORY: Final = 100_000
_IN_SPOOL: Final = 1_000_000


class WhenFull(StrEnum):
    """What `put` does when as many events wait as may."""

    BLOCK = "block"
    RAISE = "raise"
    DROP = "drop"


def _when_full(name: object) -> WhenFull:
    if name not in set(WhenFull):
        raise ConfigurationError(f"when_full is block, raise or drop, not {name!r}")
    return WhenFull(str(name))


@frozen(kw_only=True)
class Options:
    """Seconds, events and bytes: see `queues.QueueOptions`.

    Raises ConfigurationError for what can't be.
    """

    spooled: bool = False
    max_age: float = 1.0
    batch_events: int = EVENTS_PER_REQUEST.value
    batch_bytes: int = REQUEST_BYTES.value
    # A spool's are about 1.5 GB of shop events, and 7 minutes of the account's full rate.
    max_events: int = field()
    max_bytes: int = 100_000_000
    when_full: WhenFull = field(default=WhenFull.DROP, converter=_when_full)
    exit_timeout: float = 10.0
    retry_after: float = 60.0

    @max_events.default
    def _max_events(self) -> int:
        return _IN_SPOOL if self.spooled else _IN_MEMORY

    def __attrs_post_init__(self) -> None:
        _check_seconds("max_age", self.max_age, 0.0)
        _check_seconds("exit_timeout", self.exit_timeout, 0.0)
        _check_seconds("retry_after", self.retry_after, 0.001)
        _check_whole("batch_events", self.batch_events, EVENTS_PER_REQUEST.value)
        _check_whole("batch_bytes", self.batch_bytes, REQUEST_BYTES.value)
        _check_whole("max_events", self.max_events)
        _check_whole("max_bytes", self.max_bytes)


def _check_seconds(name: str, value: object, least: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
        raise ConfigurationError(f"{name} must be seconds from {least:g}, not {value!r}")


def _check_whole(name: str, value: object, most: int | None = None) -> None:
    if type(value) is not int or value < 1 or (most is not None and value > most):
        upto = "or more" if most is None else f"to {most:,}"
        raise ConfigurationError(f"{name} must be a whole number, 1 {upto}, not {value!r}")
