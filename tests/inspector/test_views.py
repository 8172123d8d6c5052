"""What the page is told when somebody opens something."""

import gzip

import orjson
import pytest

from klaviyo_bulk_events.emulator.inspector import contents, rows

ROOT = "/data/attributes/events-bulk-create/data"


def marked(node):
    """The nodes that are marked."""
    found = [node] if node.get("marked") else []
    return [*found, *(each for child in node.get("children", ()) for each in marked(child))]


@pytest.fixture
def send(make):
    """Sends a document."""
    return lambda emulator, document, **headers: emulator.receive(make.request(document, **headers))


def test_requests_come_in_pages_newest_first(emulator, make, send, get):
    """A hundred at once, each with what it held and what became of it."""
    for number in range(250):
        send(emulator, make.events(f"a{number}", f"b{number}"))
    first = get(emulator, "requests")
    assert [row["number"] for row in first["rows"]] == list(range(250, 150, -1))
    assert first["more"]
    last = get(emulator, "requests", before="51")
    assert [row["number"] for row in last["rows"]] == list(range(50, 0, -1))
    assert not last["more"]
    row = last["rows"][0]
    assert (row["entries"], row["events"], row["accepted"], row["status"]) == (1, 2, 2, 202)


def test_requests_in_trouble(emulator, make, send, get):
    """Those that were refused or met a fault can be looked at alone."""
    send(emulator, make.events("a"))
    send(emulator, make.events("a"))
    emulator.inject("slow")
    send(emulator, make.events("b"))
    assert [row["number"] for row in get(emulator, "requests", troubled=1)["rows"]] == [3, 2]


@pytest.mark.parametrize("fault", ["html_503", "throttled", "reset_before"])
def test_what_nobody_read_is_counted_all_the_same(emulator, make, send, get, fault):
    """A request that met a fault before it was read tells its profiles and events too."""
    emulator.inject(fault)
    send(emulator, make.events("a", "b", "c"))
    assert get(emulator, "requests/1")["fault"]
    row = get(emulator, "requests")["rows"][0]
    assert (row["fault"], row["entries"], row["events"]) == (fault, 1, 3)
    assert row["processed"] is None


@pytest.mark.parametrize("fault", ["reset_after", "lost_answer", "silence"])
def test_an_answer_that_never_went_out(emulator, make, send, get, fault):
    """None is shown, whatever the request came to."""
    emulator.inject(fault)
    send(emulator, make.events("a"))
    assert get(emulator, "requests/1")["reply"] is None
    assert get(emulator, "requests/1")["row"]["status"] is None


def test_a_refused_request(emulator, make, send, get):
    """It tells each error with its pointer and its sentence, the answer, and the headers."""
    send(emulator, make.document(make.entry(make.event(time="1999-01-01T00:00:00Z"))))
    found = get(emulator, "requests/1")
    assert [flaw["code"] for flaw in found["flaws"]] == ["invalid"]
    assert found["flaws"][0]["pointer"] == f"{ROOT}/0/attributes/events/data/0/attributes/time"
    assert found["flaws"][0]["detail"]
    assert found["reply"]["status"] == 400
    assert orjson.loads(found["reply"]["body"])["errors"][0]["code"] == "invalid"
    assert found["headers"]["revision"]


def test_no_key_is_shown(emulator, make, send, call):
    """Neither in an answer of the inspector nor anywhere else."""
    send(emulator, make.events("a"), authorization="Klaviyo-API-Key pk_secret")
    send(emulator, make.events("b"), authorization="pk_secret")
    for path in ("requests", "requests/1", "requests/2", "requests/1/body", "events"):
        assert "pk_secret" not in call(emulator, "GET", f"/inspector/{path}").text


def test_an_error_is_marked_in_its_body(emulator, make, send, get):
    """The value that a pointer names, and nothing else, in a body of many."""
    events = [make.event(f"u{n}") for n in range(300)]
    events[217] = make.event("bad", time="yesterday")
    send(emulator, make.document(make.entry(*events)))
    (flaw,) = get(emulator, "requests/1")["flaws"]
    found = get(emulator, "requests/1/body", mark=flaw["pointer"])
    assert found["exact"]
    assert [(node["key"], node["text"]) for node in marked(found["tree"])] == [
        ("time", '"yesterday"')
    ]


def test_the_children_of_a_node(emulator, make, send, get):
    """What is folded can be had by its pointer, a hundred at once."""
    send(emulator, make.events(*(f"u{n}" for n in range(150))))
    at = f"{ROOT}/0/attributes/events/data"
    children = get(emulator, "requests/1/body", at=at, offset=100)["tree"]["children"]
    assert [child["at"] for child in children] == [f"{at}/{n}" for n in range(100, 150)]


def test_integers_are_not_rounded(emulator, make, send, get):
    """JavaScript would; so they come as text."""
    send(emulator, make.document(make.entry(make.event(properties={"n": 12345678901234567890}))))
    at = f"{ROOT}/0/attributes/events/data/0/attributes/properties/n"
    found = get(emulator, "requests/1/body", mark=at)
    assert marked(found["tree"])[0]["text"] == "12345678901234567890"
    assert "12345678901234567890" in get(emulator, "requests/1/events")["rows"][0]["properties"]


@pytest.mark.parametrize(
    ("body", "reached"),
    [
        (b'{"data": nope}', "n"),
        (b'{"data": {}', ""),
        (b"\xff{}", "\N{REPLACEMENT CHARACTER}"),
        (b" " * 5_000 + b"nope", "n"),
    ],
)
def test_a_body_that_is_not_json(emulator, make, get, body, reached):
    """Its text is shown, with the place where reading it ended."""
    emulator.receive(make.request(body))
    found = get(emulator, "requests/1/body", mark="")
    assert found["text"][found["reached"] :][:1] == reached
    assert get(emulator, "requests/1/events") == {"total": 0, "rows": []}
    row = get(emulator, "requests")["rows"][0]
    assert (row["entries"], row["events"]) == (None, None)


def test_a_packed_body(emulator, make, get, call):
    """It is shown unpacked, and downloaded as it came."""
    body = gzip.compress(orjson.dumps(make.events("a")))
    emulator.receive(make.request(body, content_encoding="gzip"))
    assert get(emulator, "requests/1/events")["rows"][0]["unique_id"] == "a"
    raw = call(emulator, "GET", "/inspector/requests/1/raw")
    assert raw.content == body
    assert raw.headers["content-disposition"] == 'attachment; filename="request-1.json.gz"'


@pytest.mark.parametrize(
    "body",
    [
        b"not gzip",
        gzip.compress(b'{"data": {', mtime=0),
        gzip.compress(b"[" * 20, mtime=0),
    ],
)
def test_what_can_not_be_unpacked_or_read(emulator, make, get, body):
    """It is said, and breaks nothing."""
    emulator.receive(make.request(body, content_encoding="gzip"))
    assert get(emulator, "requests/1/body", mark="")["text"]
    assert get(emulator, "requests")["rows"][0]["status"] == 400


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"data": {"attributes": {"events-bulk-create": {"data": [1, None, {"attributes": []}]}}}},
        {"data": {"attributes": {"events-bulk-create": {"data": "text"}}}},
    ],
)
def test_bodies_of_any_form(emulator, make, get, document):
    """A body that is nothing like what is asked for can be looked at."""
    emulator.receive(make.request(orjson.dumps(document)))
    assert get(emulator, "requests/1/events") == {"total": 0, "rows": []}
    assert get(emulator, "requests/1/body")["tree"]
    assert get(emulator, "requests/1")["flaws"]


@pytest.mark.parametrize("depth", [99, 101, 180, 240])
def test_a_body_that_is_very_deep(emulator, make, get, depth):
    """It is unfolded as far as can be told; what is marked below is not reached."""
    emulator.receive(make.request(b"[" * depth + b"]" * depth))
    node, levels = get(emulator, "requests/1/body")["tree"], 0
    while node.get("children"):
        (node,), levels = node["children"], levels + 1
    assert levels == min(depth - 1, 100)
    assert node["kind"] == "list"
    found = get(emulator, "requests/1/body", mark="/0" * (depth - 1))
    assert found["exact"] is (depth - 1 <= 100)
    assert len(marked(found["tree"])) == 1
    folded = get(emulator, "requests/1/body", at="/0" * (depth - 2), offset=0)["tree"]
    assert [child["at"] for child in folded["children"]] == ["/0" * (depth - 1)]


def test_what_has_no_id_is_not_found_by_one(emulator, make, send, get):
    """Nor by what nothing is called in Python."""
    send(emulator, make.document(make.entry(make.event(None), make.event("nonsense"))))
    for path in ("events", "requests/1/events"):
        assert [row["unique_id"] for row in get(emulator, path, unique_id="non")["rows"]] == [
            "nonsense"
        ]


def test_bodies_are_counted_once_and_as_far_as_it_holds_nothing_up(emulate, make, get, monkeypatch):
    """By what they are unpacked: a small body may hold much. Another look counts on."""
    monkeypatch.setattr(rows, "_READ_BYTES", 100_000)
    counted = []
    count = contents.count
    monkeypatch.setattr(contents, "count", lambda each: counted.append(each.number) or count(each))
    emulator = emulate(faults={"html_503": 1.0})
    event = make.event(properties={"text": "x" * 40_000})
    body = gzip.compress(orjson.dumps(make.document(make.entry(event))))
    for _ in range(7):
        emulator.receive(make.request(body, content_encoding="gzip"))
    for known in (3, 6, 7, 7):
        shown = [row["events"] for row in get(emulator, "requests")["rows"]]
        assert shown == [1] * known + [None] * (7 - known)
    assert counted == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_can_not_be_counted_is_not_looked_at_again(emulator, make, get, monkeypatch, encoding):
    """It is the same the next time."""
    emulator.receive(make.request(b"nope", content_encoding=encoding))
    assert get(emulator, "requests")["rows"][0]["events"] is None
    monkeypatch.setattr(contents, "count", lambda _: pytest.fail("it was looked at again"))
    assert get(emulator, "requests")["rows"][0]["events"] is None


def test_a_lone_surrogate(emulator, make, get):
    """It is no text, and so the body no JSON: it is shown as it came."""
    emulator.receive(make.request(rb'{"a": "\ud800"}'))
    found = get(emulator, "requests/1/body")
    assert found["text"] == r'{"a": "\ud800"}'
    assert found["reached"] is not None


def test_a_key_that_stands_twice(emulator, make, get):
    """It is refused, and the body is shown as text."""
    emulator.receive(make.request(b'{"data": 1, "data": 2}'))
    assert get(emulator, "requests/1/body")["text"] == '{"data": 1, "data": 2}'


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["a1", "b1", "b2"]),
        ({"profile": "ADA"}, ["a1"]),
        ({"metric": "ordered"}, ["a1", "b1"]),
        ({"unique_id": "b"}, ["b1", "b2"]),
        ({"unique_id": "B", "metric": "viewed"}, ["b2"]),
        ({"profile": "nobody"}, []),
    ],
)
def test_search(emulator, make, send, get, query, found):
    """Events of one request, and all that are kept, are found by parts of their texts."""
    viewed = {"data": {"type": "metric", "attributes": {"name": "Viewed Product"}}}
    bob = make.entry(
        make.event("b1"), make.event("b2", metric=viewed), profile={"email": "bob@shop.org"}
    )
    send(emulator, make.document(make.entry(make.event("a1")), bob))
    inside = get(emulator, "requests/1/events", **query)
    assert [row["unique_id"] for row in inside["rows"]] == found
    kept = get(emulator, "events", **query)
    assert [row["unique_id"] for row in kept["rows"]] == found[::-1]
    assert inside["total"] == kept["total"] == len(found)


def test_profiles_and_their_events_in_order(emulator, make, send, get):
    """Those with most events first; their events by time, whenever they came."""
    times = ["2025-06-03T00:00:00Z", "2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z"]
    for number, time in enumerate(times):
        send(emulator, make.document(make.entry(make.event(f"u{number}", time=time))))
    send(emulator, make.document(make.entry(make.event(), profile={"external_id": "7"})))
    ada, seven = get(emulator, "profiles")["rows"]
    assert (ada["name"], ada["value"], ada["events"]) == ("email", "ada@shop.org", 3)
    assert ada["first"].startswith("2025-06-01")
    assert seven["value"] == "7"
    assert get(emulator, "profiles", profile="ADA")["rows"] == [ada]
    events = get(emulator, "profiles/events", name="email", value="ada@shop.org")["rows"]
    assert [event["unique_id"] for event in events] == ["u1", "u2", "u0"]


def test_a_profile_is_found_by_each_of_its_identifiers(emulator, make, send, get):
    """Also by those that it isn't known by, whichever event they came with."""
    for number, further in enumerate([{}, {"email": "ada@shop.org"}, {"phone_number": "+441"}]):
        profile = {"external_id": "7", **further}
        send(emulator, make.document(make.entry(make.event(f"u{number}"), profile=profile)))
    for wanted in ("7", "ADA", "+441"):
        (row,) = get(emulator, "profiles", profile=wanted)["rows"]
        assert (row["name"], row["value"], row["events"]) == ("external_id", "7", 3)
        assert sorted(row["others"]) == ["+441", "ada@shop.org"]


def test_what_is_no_longer_kept(emulate, make, send, get, call):
    """Beyond `keep` neither requests nor bodies nor events can be had."""
    emulator = emulate(keep=2)
    for number in range(5):
        send(emulator, make.events(f"u{number}"))
    assert [row["number"] for row in get(emulator, "requests")["rows"]] == [5, 4]
    assert [row["unique_id"] for row in get(emulator, "events")["rows"]] == ["u4", "u3"]
    for path in ("requests/3", "requests/3/body", "requests/3/events", "requests/3/raw"):
        assert call(emulator, "GET", f"/inspector/{path}").status_code == 404
    assert call(emulator, "GET", "/inspector/requests/4/raw").status_code == 200


def test_a_request_whose_body_is_gone(emulate, make, send, get, call):
    """There is room for so many bytes; the row is still told."""
    emulator = emulate(keep_bytes=10_000)
    for number in range(9):
        send(emulator, make.events(f"u{number}"))
    assert "headers" not in get(emulator, "requests/1")
    assert get(emulator, "requests/1")["row"]["accepted"] == 1
    assert call(emulator, "GET", "/inspector/requests/1/body").status_code == 404
    assert get(emulator, "requests/9")["headers"]


@pytest.mark.parametrize("path", ["requests?before=x", "events?offset=-1", "profiles?offset=1e3"])
def test_what_makes_no_sense(emulator, call, path):
    """It is answered 400 with the reason."""
    answer = call(emulator, "GET", f"/inspector/{path}")
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
