"""What is remembered of events, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.emulator import memory
from klaviyo_bulk_events.emulator.keys import Key, Keys


def test_a_profile_s_updates_are_kept_once(emulator, make):
    """However many events came with them, and each event still has them."""
    updates = {"first_name": "Ada", "properties": {"about": "x" * 10_000}}
    profile = {"email": "ada@shop.org", **updates}
    ids = [str(number) for number in range(100)]
    entry = make.entry(*map(make.event, ids), profile=profile)
    bob = make.entry(make.event("b"), profile={"email": "bob@shop.org", "last_name": "B"})
    emulator.receive(make.request(make.document(entry, bob)))
    *kept, last = emulator.snapshot()
    assert len({id(packed.updates) for packed in kept}) == 1
    assert sum(packed.weight for packed in kept) < 100_000
    assert [event.updates for event in emulator.events()] == [updates] * 100 + [{"last_name": "B"}]
    assert last.updates == '{"last_name":"B"}'


def test_large_events_are_fewer(emulate, make, monkeypatch):
    """The newest are kept, of so many bytes; counts stay whole."""
    monkeypatch.setattr(memory, "_ROOM", 50_000)
    emulator = emulate(keep=20)
    for number in range(20):
        event = make.event(f"u{number}", properties={"text": "x" * 9_000})
        emulator.receive(make.request(make.document(make.entry(event))))
    kept = emulator.snapshot()
    assert [packed.event.unique_id for packed in kept] == ["u15", "u16", "u17", "u18", "u19"]
    assert sum(packed.weight for packed in kept) <= 50_000
    assert emulator.summary()["accepted"] == 20


def test_ordinary_events_are_kept_by_their_number_alone(emulate, make, monkeypatch):
    """However many are to be kept: there is room for each."""
    monkeypatch.setattr(memory, "_ROOM", 0)
    emulator = emulate(keep=30)
    for number in range(40):
        event = make.event(f"u{number}", properties={"text": "x" * 1_000})
        emulator.receive(make.request(make.document(make.entry(event))))
    assert len(emulator.events()) == 30


def test_of_very_many_keys_the_oldest_are_forgotten(emulate, make, monkeypatch):
    """Their events are taken again, and the summary says how many keys it is that are gone."""
    monkeypatch.setattr(memory, "_KEYS", 3)
    emulator = emulate(keep=2)
    for number in range(5):
        emulator.receive(make.request(make.events(f"u{number}")))
    assert emulator.summary()["keys_forgotten"] == 2
    assert emulator.receive(make.request(make.events("u2"))).status == 400
    assert emulator.receive(make.request(make.events("u1"))).status == 202
    assert emulator.summary()["keys_forgotten"] == 3
    emulator.reset()
    assert emulator.summary()["keys_forgotten"] == 0


def test_keys_of_events_that_are_kept_are_known(emulate, make, monkeypatch):
    """Whoever keeps very many events has their repeats found."""
    monkeypatch.setattr(memory, "_KEYS", 1)
    emulator = emulate(keep=4)
    emulator.receive(make.request(make.events("a", "b", "c", "d")))
    for unique_id in "abcd":
        assert emulator.receive(make.request(make.events(unique_id))).status == 400


TEXTS = st.text("a\0,\"'", max_size=3)
KEYS = st.builds(Key, st.tuples(st.sampled_from(["id", "email"]), TEXTS), TEXTS, TEXTS)


@given(st.lists(KEYS, unique=True), st.integers(0, 10))
def test_the_latest_keys_are_known_and_no_other(given_keys, most):
    """Whatever stands in them: no two are taken for one."""
    keys = Keys(most)
    for key in given_keys:
        assert key not in keys
        keys.add([key])
    known = given_keys[len(given_keys) - min(most, len(given_keys)) :]
    assert [key for key in given_keys if key in keys] == known
    assert keys.forgotten == len(given_keys) - len(known)
