"""What is remembered of requests, in bounded memory."""

from klaviyo_bulk_events.emulator import ledger


def test_of_many_flaws_the_newest_are_kept(emulator, make, monkeypatch):
    """A batch that is sent for ever would fill the memory; counts and statuses stay whole."""
    monkeypatch.setattr(ledger, "_FLAWS", 2)
    for _ in range(4):
        emulator.receive(make.request([]))
    records = emulator.requests()
    assert [len(record.flaws) for record in records] == [0, 0, 1, 1]
    assert [record.status for record in records] == [400] * 4
    assert sum(emulator.summary()["flaws"].values()) == 4
