"""The emulator behind a real socket."""

import gzip
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import orjson
import pytest

from klaviyo_bulk_events.emulator import Settings, running
from klaviyo_bulk_events.emulator.connection import BreakableConnection
from klaviyo_bulk_events.limits import REQUEST_BYTES
from klaviyo_bulk_events.rates import Rate

PATIENCE = 5.0
IMPATIENCE = httpx.Timeout(PATIENCE, read=0.2)


@pytest.fixture(scope="module")
def server():
    """A running emulator, quick at being slow."""
    with running(Settings(rates=(), repeats="drop", delay=0.05, pause=0.001)) as server:
        yield server


@pytest.fixture
def emulator(server):
    """The emulator behind the server, fresh."""
    server.emulator.reset()
    return server.emulator


@pytest.fixture
def client(server, make):
    """A client that has the headers."""
    with httpx.Client(base_url=server.url, headers=make.headers, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def post(client, make):
    """Sends a document."""

    def post(document=None, **options):
        body = orjson.dumps(document or make.document())
        return client.post(make.path, **{"content": body, **options})

    return post


@pytest.fixture
def connect(server):
    """Opens a connection."""

    def connect():
        host, port = server.url.removeprefix("http://").split(":")
        return socket.create_connection((host, int(port)))

    return connect


def eventually(condition):
    """Wait for a condition, and tell whether it came true."""
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_accepted(emulator, post):
    """A good request is answered 202 with nothing in it, and its events are there."""
    answer = post()
    assert (answer.status_code, answer.content) == (202, b"")
    assert len(emulator.events()) == 1


def test_refused(emulator, post, make):
    """A bad one is answered with a JSON:API document."""
    answer = post(make.document(make.entry(make.event(value="much"))))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/vnd.api+json"
    assert answer.json()["errors"][0]["source"]["pointer"].endswith("/attributes/value")


@pytest.mark.parametrize("size", [REQUEST_BYTES.value + 1, 4 * REQUEST_BYTES.value])
def test_too_large(emulator, post, size):
    """A body that is too large is read to its end, not kept beyond the limit, and refused."""
    assert post(content=b" " * size).status_code == 413
    assert emulator.requests()[0].bytes == REQUEST_BYTES.value + 1
    assert post().status_code == 202


def test_gzip(emulator, post, make):
    """A gzip body is taken."""
    body = gzip.compress(orjson.dumps(make.document()))
    assert post(content=body, headers={"content-encoding": "gzip"}).status_code == 202


def test_chunked_body(emulator, post, make):
    """A body whose length isn't told is taken."""
    body = orjson.dumps(make.document())
    assert post(content=(body[i : i + 50] for i in range(0, len(body), 50))).status_code == 202


def test_reset_before(emulator, post):
    """The connection is reset, and nothing was taken."""
    emulator.inject("reset_before")
    with pytest.raises(httpx.ReadError) as raised:
        post()
    assert "reset" in str(raised.value).lower()
    assert emulator.events() == []


def test_reset_after(emulator, post):
    """The connection is reset, and the event was taken."""
    emulator.inject("reset_after")
    with pytest.raises(httpx.ReadError):
        post()
    assert len(emulator.events()) == 1


def test_lost_answer(emulator, post):
    """The event is taken, and no answer comes for as long as the client waits."""
    emulator.inject("lost_answer")
    with pytest.raises(httpx.ReadTimeout):
        post(timeout=IMPATIENCE)
    assert len(emulator.events()) == 1


def test_silence(emulator, post):
    """No answer comes, and nothing is taken, then or later."""
    emulator.inject("silence")
    with pytest.raises(httpx.ReadTimeout):
        post(timeout=IMPATIENCE)
    post()
    assert [event.request for event in emulator.events()] == [2]


def test_late(emulator, connect, make):
    """The event is taken only after the client gave up."""
    emulator.inject("late")
    body = orjson.dumps(make.document())
    lines = [f"{name}: {value}" for name, value in make.headers.items()]
    head = [f"POST {make.path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *lines]
    with connect() as sock:
        sock.sendall("\r\n".join([*head, "", ""]).encode() + body)
        assert eventually(emulator.requests)
        assert emulator.events() == []
    assert eventually(emulator.events)


def test_slow(emulator, post):
    """The answer comes after the delay."""
    emulator.inject("slow")
    assert post().elapsed.total_seconds() >= 0.05


def test_trickle(emulator, post):
    """The answer comes in many pieces, and is whole in the end."""
    emulator.inject("trickle")
    answer = post()
    assert (answer.status_code, answer.content.strip()) == (202, b"")
    assert len(answer.content) == int(answer.headers["content-length"]) > 0
    assert answer.elapsed.total_seconds() >= 0.1


def test_trickled_error_is_still_json(emulator, post, make):
    """A refusal that trickles can be read once it's there."""
    emulator.inject("trickle")
    answer = post(make.events("a", "a"))
    assert (answer.status_code, len(answer.json()["errors"])) == (400, 1)


def test_endless(emulator, client, make):
    """The answer goes on for as long as the client reads it."""
    emulator.inject("endless")
    body = orjson.dumps(make.document())
    with client.stream("POST", make.path, content=body) as answer:
        pieces = [piece for piece, _ in zip(answer.iter_raw(), range(20), strict=False)]
    assert (answer.status_code, b"".join(pieces).strip()) == (202, b"")


def test_cut(emulator, post):
    """The answer begins, and the connection ends before it does."""
    emulator.inject("cut")
    with pytest.raises(httpx.RemoteProtocolError):
        post()
    assert len(emulator.events()) == 1


@pytest.mark.parametrize("name", ["html_520", "html_524_after", "empty_503", "throttled_bare"])
def test_statuses_of_any_kind(emulator, post, name):
    """A status that no standard names goes over the wire too."""
    emulator.inject(name)
    assert str(post().status_code) in {"520", "524", "503", "429"}


def test_a_client_that_leaves_in_the_middle_of_its_body(emulator, connect, make, post):
    """A body that never ends is no request, and does no harm."""
    head = f"POST {make.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{{"
    with connect() as sock:
        sock.sendall(head.encode())
    assert post().status_code == 202
    assert len(emulator.requests()) == 1


def test_concurrent_requests(emulator, client, make):
    """Requests at the same time are each taken once, and counted."""

    def send(i):
        body = orjson.dumps(make.events(str(i)))
        return client.post(make.path, content=body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(64))) == {202}
    assert sorted(int(event.unique_id) for event in emulator.events()) == list(range(64))
    assert emulator.busiest(60) == 64


def test_rate_limit(make):
    """Over the limit a request is answered 429, and asked to wait."""
    with running(Settings(rates=[Rate(3, 3600)], repeats="drop")) as server:
        url, body = server.url + make.path, orjson.dumps(make.document())
        answers = [httpx.post(url, content=body, headers=make.headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert [int(a.headers["ratelimit-remaining"]) for a in answers[:3]] == [2, 1, 0]
    assert 1 <= int(answers[3].headers["retry-after"]) <= 3600
    assert "ratelimit-limit" not in answers[3].headers


@pytest.mark.parametrize("fault", ["lost_answer", "late", "slow", "trickle", "endless"])
def test_it_stops_at_once_whatever_is_unanswered(make, fault):
    """Stopping hangs up on whoever still waits, and leaves no thread."""
    threads = set(threading.enumerate())
    body = orjson.dumps(make.document())
    with (
        ThreadPoolExecutor(1) as pool,
        running(Settings(rates=(), faults={fault: 1.0}, delay=60, pause=60)) as server,
    ):
        url = server.url + make.path
        waiting = pool.submit(httpx.post, url, content=body, headers=make.headers, timeout=30)
        assert eventually(server.emulator.requests)
        stopping = time.monotonic()
    assert isinstance(waiting.exception(), httpx.HTTPError)
    assert time.monotonic() - stopping < PATIENCE
    assert set(threading.enumerate()) == threads


def test_the_port_is_free_again(make):
    """An emulator can be started again on the port that it had."""
    ports = []
    for _ in range(2):
        with running(port=ports[0] if ports else 0) as server:
            ports.append(int(server.url.rpartition(":")[2]))
            assert httpx.post(server.url + make.path).status_code == 401
    assert ports[0] == ports[1]


def test_no_body_waits_for_its_head_to_be_acknowledged(make, monkeypatch):
    """Every connection sends at once what there is: waiting would take some 40 ms an answer."""
    at_once = []
    take_up = BreakableConnection.connection_made

    def watched(self, transport):
        take_up(self, transport)
        connection = transport.get_extra_info("socket")
        at_once.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(BreakableConnection, "connection_made", watched)
    with running(Settings(rates=())) as server:
        assert httpx.post(server.url + make.path).status_code == 401

    assert len(at_once) == 1
    assert all(at_once)


def test_a_client_that_leaves_before_the_end_is_counted(emulator, connect, make):
    """Its head arrived: the account's windows count it, though nothing of it is processed."""
    before = emulator.busiest(60.0)
    with connect() as connection:
        head = f"POST {make.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 99\r\n\r\n{{"
        connection.sendall(head.encode())
    assert eventually(lambda: emulator.busiest(60.0) == before + 1)
    assert emulator.events() == []
