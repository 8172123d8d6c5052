"""What is remembered of requests, in bounded memory."""

import pytest

from klaviyo_bulk_events.emulator import judge, ledger
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST


def test_an_answer_tells_so_many_flaws(emulator, make, errors, monkeypatch):
    """The first of them, in the order of the document; and so much is kept."""
    monkeypatch.setattr(judge, "_MOST_FLAWS", 3)
    document = make.document(*(make.entry(make.event(f"u{n}", value="much")) for n in range(9)))
    told = errors(emulator.receive(make.request(document)))
    entries = [error["source"]["pointer"].split("/")[5] for error in told]
    assert entries == ["0", "1", "2"]
    assert len(emulator.requests()[0].flaws) == 3


@pytest.mark.parametrize(
    "entry",
    [
        lambda make, n: 0,
        lambda make, n: make.entry(make.event(f"u{n}", value="much")),
        lambda make, n: make.entry(*[make.event(f"u{n}", value="much")] * 3),
    ],
)
def test_of_far_too_many_events_the_first_are_looked_at(emulator, make, errors, entry):
    """One more than a request may hold: it is refused, however many more there are."""
    document = make.document(*(entry(make, n) for n in range(3_000)))
    told = errors(emulator.receive(make.request(document)))
    assert len(told) <= EVENTS_PER_REQUEST.value + 2
    found = int(told[-1]["source"]["pointer"].split("/")[5])
    assert found <= EVENTS_PER_REQUEST.value


@pytest.mark.parametrize("counts", [[1_001], [2, 999], [1_000, 1], [1, 5_000, 5_000], [1] * 4_000])
def test_too_many_events(emulator, make, errors, counts):
    """They are said to be, wherever they stand, and no event is found twice for it."""
    numbers = iter(range(sum(counts)))
    events = ([make.event(f"u{next(numbers)}") for _ in range(count)] for count in counts)
    document = make.document(*(make.entry(*each) for each in events))
    (error,) = errors(emulator.receive(make.request(document)))
    assert "more than 1000 events" in error["detail"]


def test_of_many_flaws_the_newest_are_kept(emulator, make, monkeypatch):
    """A batch that is sent for ever would fill the memory; counts and statuses stay whole."""
    monkeypatch.setattr(ledger, "_FLAWS", 2)
    for _ in range(4):
        emulator.receive(make.request([]))
    records = emulator.requests()
    assert [len(record.flaws) for record in records] == [0, 0, 1, 1]
    assert [record.status for record in records] == [400] * 4
    assert sum(emulator.summary()["flaws"].values()) == 4
