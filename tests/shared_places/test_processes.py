"""Real processes that share the limits of one account, against a real server."""

import pytest

from benchmarks import sharing


@pytest.mark.parametrize("kind", sharing.KINDS)
@pytest.mark.parametrize("store", ["sqlite", "redis"])
def test_processes_share_the_limit_evenly_and_use_it_up(
    request: pytest.FixtureRequest, store: str, kind: str
) -> None:
    """Windows of random phase, jittery latency: no 429, all of the limit, nobody starves."""
    if store == "redis":
        request.getfixturevalue("redis")  # skipped without it
    with sharing.STORES[store]() as url:
        measured = sharing.measure(url, kind, cycles=4)
    assert measured.throttled == 0
    assert measured.busiest <= sharing.RATE.limit
    assert measured.share >= 0.5
    assert measured.use >= 0.97
