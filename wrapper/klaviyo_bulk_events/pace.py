"""How long requests take at the rate limit."""

from collections.abc import Sequence

from klaviyo_bulk_events.rates import Rate


def seconds_for(requests: int, rates: Sequence[Rate]) -> float:
    """Seconds until the last of so many requests may be sent, with no time for answers.

    Each window is filled at its start, and the shorter one paces what is left of the longer.
    """
    if requests < 1 or not rates:
        return 0.0
    longest, *shorter = sorted(rates, key=lambda rate: -rate.seconds)
    full, left = divmod(requests - 1, longest.limit)
    alone = max((seconds_for(requests, [rate]) for rate in shorter), default=0.0)
    return max(alone, full * longest.seconds + seconds_for(left + 1, shorter))
