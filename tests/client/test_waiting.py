"""Records that wait for their account."""

import os
from collections import deque
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import ConfigurationError, waiting
from klaviyo_bulk_events.waiting import Waiting

ACTIONS = st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60)


@given(ACTIONS, st.integers(0, 10), st.integers(0, 2_000))
def test_each_account_s_records_stay_in_order(
    actions: list[tuple[str, bool]], in_memory: int, on_disk: int
) -> None:
    """Whatever goes to disk, nothing is lost, doubled or given to another account."""
    kept = Waiting(in_memory, on_disk)
    model: dict[str, deque[dict[str, Any]]] = {account: deque() for account in "abc"}
    for number, (account, is_put) in enumerate(actions):
        if is_put:
            kept.put(account, {"number": number})
            model[account].append({"number": number})
        elif kept.count(account):
            for record in kept.take(account):
                assert record == model[account].popleft()
        assert kept.count(account) == len(model[account])
    for account in kept.accounts():
        while kept.count(account):
            for record in kept.take(account):
                assert record == model[account].popleft()
    assert not any(model.values())
    assert kept.accounts() == []


def test_memory_is_bounded_and_disk_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read again takes no room, also in files that others are in."""
    monkeypatch.setattr(waiting, "_SEGMENT", 10_000)
    kept = Waiting(100, 10**9)
    for number in range(5_000):
        kept.put("large", {"number": number})
        if number % 100 == 0:
            kept.put("small", {"number": number})
        assert kept.in_memory <= 100
    on_disk = kept.bytes
    assert on_disk > 10_000
    taken = 0
    while kept.count("large"):
        taken += len(kept.take("large"))
    assert taken == 5_000
    assert kept.bytes < on_disk / 10
    assert len(kept.take("small")) == 50


def test_blocks_are_whole_however_they_were_kept() -> None:
    """What went to disk in small parts comes back in the size of a request."""
    kept = Waiting(7, 10**9)
    for number in range(2_500):
        kept.put("a", {"number": number})
    taken = []
    while kept.count("a"):
        taken.append(kept.take("a"))
    assert [len(block) for block in taken] == [1_000, 1_000, 500]
    assert [record["number"] for block in taken for record in block] == list(range(2_500))
    assert (kept.in_memory, kept.bytes) == (0, 0)


def test_it_is_full_where_both_are() -> None:
    """Nothing goes to disk beyond its share: then it says so, and has room after a take."""
    kept = Waiting(10, 0)
    for number in range(10):
        assert not kept.is_full
        kept.put("a", {"number": number})
    assert kept.is_full
    assert kept.bytes == 0
    kept.take("a")
    assert not kept.is_full


def test_what_can_t_go_to_disk() -> None:
    """It is said what of, the record is not quoted, and what was there stays."""
    kept = Waiting(1, 1)
    kept.put("a", {"number": 1})
    with pytest.raises(ConfigurationError, match="pickled") as refused:
        kept.put("a", {"secret": test_what_can_t_go_to_disk.__code__})
    assert "secret" not in str(refused.value)
    assert [record.keys() for record in kept.take("a")] == [{"number"}, {"secret"}]  # type: ignore[union-attr]


def test_a_full_disk_takes_nothing_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written is still there, in its order."""

    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    kept = Waiting(2, 10**6)
    kept.put("a", {"number": 1})
    kept.put("a", {"number": 2})
    monkeypatch.setattr(kept, "_write", full)
    with pytest.raises(OSError, match="No space"):
        kept.put("a", {"number": 3})
    assert kept.take("a") == [{"number": 1}, {"number": 2}, {"number": 3}]


def put_numbers(kept: Waiting, numbers: Iterable[int]) -> None:
    for number in numbers:
        kept.put("a", {"number": number, "text": f"{number:04}" * 25})


def numbers(records: Iterable[Any]) -> list[int]:
    return [record["number"] for record in records]


class OneWay:
    """What can be pickled, and not read again."""

    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("no number",)


def test_what_can_t_be_read_again(caplog: pytest.LogCaptureFixture) -> None:
    """Each record comes back as a faulty one, those after it as they were, and it is said."""
    kept = Waiting(1, 10**6)
    kept.put("a", {"number": 1})
    kept.put("a", {"number": OneWay()})
    kept.put("a", {"number": 3})
    taken = kept.take("a")
    assert [getattr(record, "problem", None) is not None for record in taken] == [True, True, False]
    assert (kept.count("a"), kept.accounts(), kept.bytes) == (0, [], 0)
    assert "2 records that waited on disk can't be read" in caplog.text


@pytest.mark.skipif(os.name == "nt", reason="has no limits of files")
def test_what_is_on_a_disk_that_became_full_can_be_read() -> None:
    """What the disk did not take stays in memory, and takes nothing along that it did take."""
    import resource

    kept = Waiting(10, 10**9)
    put_numbers(kept, range(15))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kept.bytes + 500, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            put_numbers(kept, range(15, 40))
        count = kept.count("a")
        assert numbers(kept.take("a")) == list(range(count))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_was_read_again_counts_and_goes_back_to_disk() -> None:
    """Of many accounts, each with a part of a block read, no more is in memory than may be."""
    kept = Waiting(100, 10**9)
    accounts = [str(number) for number in range(20)]
    for number in range(1_010):
        for account in accounts:
            kept.put(account, {"number": number})
    for account in accounts:
        assert len(kept.take(account)) == 1_000
    for account in accounts:
        kept.put(account, {"number": 1_010})
    assert kept.in_memory <= 100
    for account in accounts:
        assert numbers(kept.take(account)) == list(range(1_000, 1_011))
