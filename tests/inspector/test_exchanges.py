"""What is kept of the latest requests is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.emulator.exchanges import Exchanges
from klaviyo_bulk_events.emulator.messages import Reply, Request
from klaviyo_bulk_events.emulator.refusals import Flaw

SIZES = st.lists(st.integers(0, 50_000), max_size=40)


@given(SIZES, st.integers(0, 10), st.integers(0, 200_000))
def test_at_most_so_many_and_so_large(sizes, keep, keep_bytes):
    """The newest are kept without a gap, as many as there is room for, and no more."""
    exchanges = Exchanges(keep, keep_bytes)
    for number, size in enumerate(sizes, 1):
        exchanges.open(number, Request("POST", "/", {}, bytes(size)))
        exchanges.refuse(number, [Flaw("no")] * (size % 3))
        exchanges.answer(number, Reply(400, body=bytes(size % 7)))
    kept = [exchange for n in range(len(sizes) + 2) if (exchange := exchanges.get(n))]
    numbers = [exchange.number for exchange in kept]
    assert numbers == list(range(len(sizes) - len(kept) + 1, len(sizes) + 1))
    assert len(kept) <= keep
    assert sum(exchange.weight for exchange in kept) <= keep_bytes


def test_room_is_used():
    """What fits is kept."""
    exchanges = Exchanges(10, 50_000)
    for number in range(1, 20):
        exchanges.open(number, Request("POST", "/", {}, bytes(8_000)))
        exchanges.answer(number, None)
    assert [n for n in range(20) if exchanges.get(n)] == [15, 16, 17, 18, 19]


def test_flaws_that_are_known_later():
    """They are noted of a request that is kept, weigh, and of another change nothing."""
    exchanges = Exchanges(10, 10_000)
    exchanges.open(1, Request("POST", "/", {}))
    exchanges.open(2, Request("POST", "/", {}))
    exchanges.refuse(3, [Flaw("no")])
    exchanges.refuse(2, [Flaw("x" * 2_000)] * 3)
    assert exchanges.get(1) is None
    assert len(exchanges.get(2).flaws) == 3
