"""From what a caller gives as `limiter` to the limiter of an account.

It reaches for the package around the flow only once a shared limiter is named: SQLite and redis-py
are not for those who have one process.
"""

from collections.abc import Iterable
from math import floor
from typing import final

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.places import MemoryPlaces, Places
from klaviyo_bulk_events.rates import Rate

MEMORY = "memory:"
_SHARED = ("sqlite:///", "redis://", "rediss://")


@final
class LimiterUrl:
    """A limiter's URL, which may hold a password: see `ApiKey`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def is_memory(self) -> bool:
        """Whether nobody shares it."""
        return self.text == MEMORY

    @property
    def is_shared(self) -> bool:
        """Whether it is a URL of a store."""
        return isinstance(self.text, str) and self.text.startswith(_SHARED)

    def __repr__(self) -> str:
        return "LimiterUrl(...)"


def places_for(
    limiter: LimiterUrl, account: str | None, rates: Iterable[Rate], lease: float
) -> Places:
    """Where the places of the account are kept. Raises ConfigurationError and LimiterError."""
    if limiter.is_memory:
        return MemoryPlaces(rates, lease)
    if not limiter.is_shared:
        raise ConfigurationError(
            "a limiter is memory:, sqlite:///PATH (from the root: sqlite:////PATH), "
            "redis://HOST or rediss://HOST"
        )
    if account is None:
        raise ConfigurationError(
            "with a callable for the token the account needs a name, by which all who share the "
            "limiter know it: give account (--account)"
        )
    if limiter.text.startswith("sqlite:"):
        from klaviyo_bulk_events.shared_places.sqlite import SQLitePlaces, path_of

        return SQLitePlaces(path_of(limiter.text), account, rates, lease)
    from klaviyo_bulk_events.shared_places.redis import RedisPlaces

    return RedisPlaces(limiter, account, rates, lease)


def shared_out(rates: Iterable[Rate], share: float) -> tuple[Rate, ...]:
    """The part of the rates that this client takes. Raises ConfigurationError."""
    if type(share) not in (int, float) or not 0 < share <= 1:
        raise ConfigurationError(f"share is a part above 0 and up to 1, not {share!r}")
    # 0.1 * 10 must not be below 1 for want of a bit.
    return tuple(Rate(max(1, floor(rate.limit * share + 1e-9)), rate.seconds) for rate in rates)
