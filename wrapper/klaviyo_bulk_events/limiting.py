"""From what a caller gives as `limiter` to the limiter of an account.

It reaches for the package around the flow only once a shared limiter is named: SQLite and redis-py
are not for those who have one process.
"""

from collections.abc import Iterable
from math import floor

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.places import MemoryPlaces, Places
from klaviyo_bulk_events.rates import Rate

MEMORY = "memory:"


def places_for(limiter: str, account: str | None, rates: Iterable[Rate], lease: float) -> Places:
    """Where the places of the account are kept. Raises ConfigurationError."""
    if limiter == MEMORY:
        return MemoryPlaces(rates, lease)
    scheme = limiter.partition(":")[0] if isinstance(limiter, str) else ""
    if scheme not in {"sqlite", "redis", "rediss"} or "//" not in limiter:
        raise ConfigurationError(
            "a limiter is memory:, sqlite:///PATH (from the root: sqlite:////PATH), "
            "redis://HOST or rediss://HOST"
        )
    if account is None:
        raise ConfigurationError(
            "with a callable for the token the account needs a name, by which all who share the "
            "limiter know it: give account (--account)"
        )
    if scheme == "sqlite":
        from klaviyo_bulk_events.shared_places.sqlite import SQLitePlaces, path_of

        return SQLitePlaces(path_of(limiter), account, rates, lease)
    from klaviyo_bulk_events.shared_places.redis import RedisPlaces

    return RedisPlaces(limiter, account, rates, lease)


def shared_out(rates: Iterable[Rate], share: float) -> tuple[Rate, ...]:
    """The part of the rates that this client takes. Raises ConfigurationError."""
    if type(share) not in (int, float) or not 0 < share <= 1:
        raise ConfigurationError(f"share is a part above 0 and up to 1, not {share!r}")
    # 0.1 * 10 must not be below 1 for want of a bit.
    return tuple(Rate(max(1, floor(rate.limit * share + 1e-9)), rate.seconds) for rate in rates)
