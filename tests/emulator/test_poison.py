"""Single events that are refused though nothing is wrong with them."""

import pytest

from klaviyo_bulk_events.emulator.poison import share

ENTRY = "/data/attributes/events-bulk-create/data/0"
EVENTS = f"{ENTRY}/attributes/events/data"
IDS = [str(i) for i in range(400)]


def named(plan, errors):
    """The indices of the events that a refusal points to."""
    pointers = [error["source"]["pointer"] for error in errors(plan)]
    return [int(pointer.removeprefix(f"{EVENTS}/")) for pointer in pointers]


def test_poison_can_be_computed(emulate, make, errors):
    """Which events are refused follows from seed, content and probability alone."""
    whole = emulate()
    whole.receive(make.request(make.events(*IDS)))
    expected = [i for i, event in enumerate(whole.events()) if share(1, event) < 0.1]
    emulator = emulate(faults={"poison": 0.1})
    assert named(emulator.receive(make.request(make.events(*IDS))), errors) == expected
    assert len(expected) == pytest.approx(40, rel=0.5)
    assert {key.unique_id for key in emulator.poisoned()} == {IDS[i] for i in expected}
    assert emulator.summary()["poisoned"] == len(expected)


def test_a_poisoned_event_is_refused_again_and_the_others_are_not(emulate, make, errors):
    """Without the events that were named the rest is accepted; they alone never are."""
    emulator = emulate(faults={"poison": 0.1})
    refused = named(emulator.receive(make.request(make.events(*IDS))), errors)
    rest = [each for i, each in enumerate(IDS) if i not in refused]
    assert emulator.receive(make.request(make.events(*rest))).status == 202
    for i in refused:
        assert emulator.receive(make.request(make.events(IDS[i]))).status == 400
    assert len(emulator.events()) == len(rest)


def test_what_the_share_depends_on(emulator, make):
    """Another seed or another property gives another share; the order of properties doesn't."""
    shares = []
    for i, properties in enumerate([{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": 3}]):
        emulator.reset()
        event = make.event(properties=properties)
        emulator.receive(make.request(make.document(make.entry(event))))
        shares.append(share(1, emulator.events()[0]))
        assert share(2, emulator.events()[0]) != shares[i]
    assert shares[0] == shares[1] != shares[2]


@pytest.mark.parametrize(
    ("pointers", "pointer"),
    [
        ("exact", f"{EVENTS}/1"),
        ("event", f"{EVENTS}/1"),
        ("entry", ENTRY),
        ("nothing", None),
    ],
)
def test_what_the_refusal_points_to(emulate, make, errors, pointers, pointer):
    """A refused event is pointed to, or its entry is, or nothing."""
    emulator = emulate(pointers=pointers)
    emulator.refuse(lambda event: event.unique_id == "b")
    (error,) = errors(emulator.receive(make.request(make.events("a", "b", "c"))))
    assert error["source"].get("pointer") == pointer
    assert ("pointer" in error["source"]) is (pointer is not None)


def test_a_predicate_can_be_taken_back(emulator, make):
    """Events are refused by a predicate until there is none."""
    emulator.refuse(lambda event: event.properties["sku"] == "A")
    assert emulator.receive(make.request()).status == 400
    emulator.refuse(None)
    assert emulator.receive(make.request()).status == 202


def test_a_predicate_that_raises_refuses_nothing(emulator, make):
    """What it first raised can be asked for once, and is forgotten by a reset."""
    emulator.refuse(lambda event: event.properties[event.unique_id])
    assert emulator.receive(make.request(make.events("a", "b"))).status == 202
    with pytest.raises(KeyError, match="a") as raised:
        emulator.check_predicate()
    assert "refuse()" in raised.value.__notes__[0]
    emulator.check_predicate()
    emulator.receive(make.request(make.events("c")))
    emulator.reset()
    emulator.check_predicate()


def test_injected_poison_stays_in_its_event(emulator, make, errors):
    """The first event of the next request is refused, then and whenever it comes again."""
    emulator.inject("poison")
    assert named(emulator.receive(make.request(make.events("a", "b"))), errors) == [0]
    assert named(emulator.receive(make.request(make.events("c", "a"))), errors) == [1]
    assert emulator.receive(make.request(make.events("b", "c"))).status == 202
    emulator.reset()
    assert emulator.receive(make.request(make.events("a"))).status == 202


def test_only_the_first_is_named_if_set_so(emulate, make, errors):
    """With one fault named, finding all poison takes a request for each."""
    emulator = emulate(name_faults="first")
    emulator.refuse(lambda event: event.unique_id in {"b", "d"})
    assert named(emulator.receive(make.request(make.events(*"abcd"))), errors) == [1]
    assert named(emulator.receive(make.request(make.events(*"acd"))), errors) == [2]
    assert emulator.receive(make.request(make.events(*"ac"))).status == 202
