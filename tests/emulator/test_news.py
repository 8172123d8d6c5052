"""What happened since somebody last looked."""

from klaviyo_bulk_events.rates import Rate


def numbers(news):
    """The requests that are told."""
    return sorted(record.number for record in news.requests)


def test_the_first_news_are_whole(emulator, make):
    """Then only what is new is told, each request once however often it changed."""
    emulator.receive(make.request(make.events("a")))
    first = emulator.news()
    assert (first.whole, numbers(first), first.totals["accepted"]) == (True, [1], 1)
    again = emulator.news(first.mark)
    assert (again.whole, numbers(again), list(again.seconds)) == (False, [], [])
    emulator.receive(make.request(make.events("b")))
    assert numbers(emulator.news(first.mark)) == [2]


def test_of_many_the_latest_are_told(emulator, make):
    """A hundred: nobody looks at more at once."""
    for number in range(130):
        emulator.receive(make.request(make.events(f"u{number}")))
    assert numbers(emulator.news()) == list(range(31, 131))
    assert emulator.news().totals["requests"] == 130


def test_a_reset_makes_them_whole(emulator, make):
    """Whatever was told before is to be forgotten."""
    emulator.receive(make.request(make.events("a")))
    mark = emulator.news().mark
    emulator.reset()
    emulator.receive(make.request(make.events("b")))
    after = emulator.news(mark)
    assert (after.whole, numbers(after), after.totals["accepted"]) == (True, [1], 1)
    assert not emulator.news(after.mark).whole


def test_what_is_processed_late_is_told_again(emulator, make):
    """Its request was told as not processed, and its second as one without events."""
    emulator.inject("late")
    plan = emulator.receive(make.request(make.events("a", "b")))
    told = emulator.news()
    assert told.requests[0].processed is None
    plan.after_hangup()
    (record,) = emulator.news(told.mark).requests
    assert (record.processed, record.accepted, record.events) == (202, 2, 2)
    assert [second.accepted for second in emulator.news(told.mark).seconds] == [2]


def test_late_refusals_have_their_flaws(emulator, make):
    """What is refused late can be asked why."""
    emulator.inject("late")
    plan = emulator.receive(make.request(make.events("a", "a")))
    plan.after_hangup()
    record, exchange = emulator.request(1)
    assert (record.processed, [flaw.code for flaw in exchange.flaws]) == (
        400,
        ["duplicate_in_request"],
    )


def test_seconds(emulate, make, clock):
    """Each second has its requests, how many of them were throttled, and accepted events."""
    emulator = emulate(rates=(Rate(2, 60.0),))
    for number in range(3):
        emulator.receive(make.request(make.events(f"a{number}", f"b{number}")))
    clock.now += 5
    emulator.receive(make.request())
    assert [tuple(second) for second in emulator.news().seconds] == [
        (int(clock.now) - 5, 3, 1, 4),
        (int(clock.now), 1, 1, 0),
    ]


def test_seconds_are_forgotten(emulator, make, clock):
    """The memory of an emulator that runs all day does not grow by them."""
    for number in range(700):
        emulator.receive(make.request(make.events(f"u{number}")))
        clock.now += 1
    seconds = emulator.news().seconds
    assert [second.at for second in seconds][-1] == int(clock.now) - 1
    assert len(seconds) == 600


def test_windows(emulate, make, clock):
    """The windows are those that requests were counted in, with their own moments of start."""
    emulator = emulate(rates=(Rate(3, 1.0), Rate(100, 60.0)))
    for number in range(5):
        emulator.receive(make.request(make.events(f"u{number}")))
    clock.now += 10
    emulator.receive(make.request(make.events("later")))
    seconds, minutes = emulator.news(None, clock.now - 300).windows
    assert [count for _, count in seconds] == [3, 1]
    assert sum(count for _, count in minutes) == 4
    assert all(start <= clock.now < start + 300 for start, _ in (*seconds, *minutes))
    assert [count for _, count in emulator.news(None, clock.now).windows[0]] == [1]


def test_faults(emulator):
    """Those that are on and those that were asked for are told."""
    emulator.set_faults({"slow": 0.5})
    emulator.inject("html_503", 2)
    emulator.inject("poison")
    news = emulator.news()
    assert (news.faults, news.asked) == ({"slow": 0.5}, {"html_503": 2, "poison": 1})


def test_listeners(emulator, make):
    """They are called after whatever can be seen."""
    calls = []
    emulator.listeners.add(lambda: calls.append(len(calls)))
    emulator.receive(make.request())
    emulator.inject("slow")
    emulator.set_faults({})
    emulator.reset()
    assert len(calls) == 4
