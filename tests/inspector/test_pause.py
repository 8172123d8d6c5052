"""A paused emulator holds requests."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import orjson
import pytest

from klaviyo_bulk_events.emulator import Settings, running
from klaviyo_bulk_events.rates import Rate

PATIENCE = 10.0


def eventually(condition):
    """Wait for a condition, and tell whether it came true."""
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


@pytest.fixture
def client(server, make):
    """A client that has the headers."""
    with httpx.Client(base_url=server.url, headers=make.headers, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def pause(client):
    """Pauses the emulator, and tells what it holds now."""

    def pause():
        return client.post("/emulator/pause").json()

    return pause


def test_requests_wait_until_it_goes_on(server, client, pause, make):
    """They are neither answered nor counted before, and accepted after."""
    assert pause() == {"paused": True, "held": 0}
    answers = []

    def send(name):
        content = orjson.dumps(make.events(name))
        url = f"{server.url}{make.path}"
        answers.append(httpx.post(url, content=content, headers=make.headers, timeout=PATIENCE))

    threads = [threading.Thread(target=send, args=(f"u{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: pause()["held"] == 3)
    assert (answers, server.emulator.summary()["requests"]) == ([], 0)
    released = time.time()
    assert client.post("/emulator/resume").json()["paused"] is False
    for thread in threads:
        thread.join(PATIENCE)
    assert [answer.status_code for answer in answers] == [202] * 3
    assert all(record.arrived >= released for record in server.emulator.requests())
    assert client.post("/emulator/resume").json() == {"paused": False, "held": 0}


def test_who_gives_up_is_let_go(server, client, pause, make):
    """A request whose client left while it was held is never processed."""
    pause()
    with pytest.raises(httpx.ReadTimeout):
        client.post(make.path, content=orjson.dumps(make.events("a")), timeout=0.2)
    assert eventually(lambda: pause()["held"] == 0)
    client.post("/emulator/resume")
    assert client.post(make.path, content=orjson.dumps(make.events("b"))).status_code == 202
    assert [event.unique_id for event in server.emulator.events()] == ["b"]


def test_a_reset_breaks_off_what_is_held(server, client, pause, make):
    """It is not counted, and what comes from then on is held as before."""
    pause()
    with ThreadPoolExecutor() as pool:
        url = f"{server.url}{make.path}"
        content = orjson.dumps(make.events("a"))
        send = lambda: httpx.post(url, content=content, headers=make.headers, timeout=PATIENCE)  # noqa: E731
        sent = [pool.submit(send) for _ in range(3)]
        assert eventually(lambda: pause()["held"] == 3)
        client.post("/emulator/reset")
        assert all(isinstance(each.exception(), httpx.ReadError) for each in sent)
        later = pool.submit(send)
        assert eventually(lambda: pause() == {"paused": True, "held": 1})
        client.post("/emulator/resume")
        assert later.result().status_code == 202
    assert server.emulator.summary()["requests"] == 1


def test_the_page_is_not_held(client, pause):
    """What looks at the emulator and controls it goes on."""
    pause()
    assert client.get("/").status_code == 200
    assert client.get("/emulator/summary").status_code == 200


def test_it_can_stop_while_it_holds(make):
    """Ctrl-C while paused ends the server, and the client sees a connection that ends."""
    failures = []
    with running(Settings(rates=(Rate(10, 1.0),))) as server:
        httpx.post(f"{server.url}/emulator/pause")

        def send():
            try:
                httpx.post(
                    f"{server.url}{make.path}",
                    content=orjson.dumps(make.events("a")),
                    headers=make.headers,
                    timeout=PATIENCE,
                )
            except httpx.TransportError as error:
                failures.append(error)

        thread = threading.Thread(target=send)
        thread.start()
        held = lambda: httpx.post(f"{server.url}/emulator/pause").json()["held"]  # noqa: E731
        assert eventually(lambda: held() == 1)
    thread.join(PATIENCE)
    assert len(failures) == 1
