"""What can be asked of an emulator over HTTP, and by whom."""

import asyncio

import httpx
import orjson
import pytest

from klaviyo_bulk_events.emulator.app import application


def call(emulator, method, url, *, allow_hosts=(), host="localhost", **options):
    """Send one request to the application, without a socket."""

    async def call():
        transport = httpx.ASGITransport(application(emulator, allow_hosts))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.request(method, url, **options)

    return asyncio.run(call())


@pytest.fixture
def filled(emulator, make):
    """An emulator that took three events and refused a request."""
    emulator.receive(make.request(make.events("a", "b")))
    emulator.receive(make.request(make.events("c")))
    emulator.receive(make.request(make.events("d", "d")))
    return emulator


def test_summary(filled):
    """The summary is that of the emulator."""
    answer = call(filled, "GET", "/emulator/summary")
    assert answer.json() == filled.summary()
    assert answer.json()["statuses"] == {"202": 2, "400": 1}
    assert answer.json()["flaws"] == {"duplicate_in_request": 1}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a", "b", "c"]),
        ("?profile=ada@shop.org&metric=Ordered%20Product&limit=2&offset=1", ["b", "c"]),
        ("?unique_id=c", ["c"]),
        ("?profile=nobody", []),
    ],
)
def test_events(filled, query, found):
    """Events are answered as JSON with their times in ISO 8601."""
    events = call(filled, "GET", f"/emulator/events{query}").json()
    assert [event["unique_id"] for event in events] == found
    assert {event["time"] for event in events} <= {"2025-06-01T10:00:00+00:00"}


def test_requests(filled):
    """Requests are answered with what became of them."""
    records = call(filled, "GET", "/emulator/requests?offset=1").json()
    assert [(record["number"], record["status"]) for record in records] == [(2, 202), (3, 400)]
    assert records[1]["flaws"][0][0] == "duplicate_in_request"


def test_poisoned(emulator, make):
    """The keys of refused events are answered."""
    emulator.refuse(lambda event: event.unique_id == "b")
    emulator.receive(make.request(make.events("a", "b")))
    assert call(emulator, "GET", "/emulator/poisoned").json() == [
        {"profile": ["email", "ada@shop.org"], "metric": "Ordered Product", "unique_id": "b"}
    ]


def test_reset(filled):
    """After a reset nothing is there any more."""
    assert call(filled, "POST", "/emulator/reset").json()["accepted"] == 0
    assert filled.events() == []


def test_faults(emulator, make):
    """Probabilities can be replaced and faults asked for."""
    assert call(emulator, "PUT", "/emulator/faults", json={"html_502": 1}).json() == {"html_502": 1}
    assert call(emulator, "GET", "/emulator/faults").json() == {"html_502": 1}
    assert call(emulator, "POST", "/emulator/faults", json={"html_404": 1}).status_code == 200
    assert [emulator.receive(make.request()).status for _ in range(2)] == [404, 502]


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("PUT", "/emulator/faults", b"{"),
        ("PUT", "/emulator/faults", b"[]"),
        ("PUT", "/emulator/faults", b'{"slow": 2}'),
        ("PUT", "/emulator/faults", b'{"slow": "often"}'),
        ("PUT", "/emulator/faults", b'{"slwo": 1}'),
        ("POST", "/emulator/faults", b'{"slow": 0.5}'),
        ("POST", "/emulator/faults", b'{"slow": -1}'),
        ("POST", "/emulator/faults", b'{"slow": true}'),
        ("POST", "/emulator/faults", b'{"slow": 1, "slwo": 1}'),
        ("GET", "/emulator/events?limit=many", b""),
        ("GET", "/emulator/requests?offset=-1", b""),
        ("GET", f"/emulator/requests?offset={10**30}", b""),
    ],
)
def test_what_makes_no_sense(emulator, make, method, url, body):
    """It is answered 400 with the reason, and changes nothing."""
    answer = call(emulator, method, url, content=body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert emulator.faults == {}
    assert emulator.receive(make.request()).status == 202
    assert emulator.requests()[0].fault is None


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8025", 200),
        ("127.0.0.1:8025", 200),
        ("[::1]:8025", 200),
        ("[::1]", 200),
        ("emulator:8025", 421),
        ("localhost.evil.org", 421),
        ("evil.org:127.0.0.1", 421),
        ("", 421),
    ],
)
def test_hosts(emulator, host, status):
    """Only loopback names are answered: a page elsewhere can't have its name point here."""
    answer = call(emulator, "GET", "/emulator/summary", headers={"host": host})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        (["emulator"], "Emulator:8025", 200),
        (["Emulator"], "emulator", 200),
        (["emulator"], "localhost", 200),
        (["emulator"], "other", 421),
        (["*"], "other", 200),
    ],
)
def test_allowed_hosts(emulator, make, allowed, host, status):
    """Other names are answered if they are allowed, the endpoint's too."""
    options = {"allow_hosts": allowed, "headers": {"host": host}}
    assert call(emulator, "GET", "/emulator/summary", **options).status_code == status
    options["headers"] = {**make.headers, "host": host}
    body = orjson.dumps(make.document())
    sent = call(emulator, "POST", make.path, content=body, **options)
    assert sent.status_code == (202 if status == 200 else 421)


def test_unknown_paths_are_answered_as_the_endpoint_would(emulator):
    """Outside its own paths the emulator says what Klaviyo would: JSON:API, 404."""
    answer = call(emulator, "GET", "/api/profiles")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "not_found")
