"""Server-sent events: everything once, then what is new, and no queue for who doesn't read."""

import asyncio
import socket
import time
from contextlib import contextmanager

import httpx
import orjson
import pytest

from klaviyo_bulk_events import Rate
from klaviyo_bulk_events.emulator import Settings, running
from klaviyo_bulk_events.emulator.inspector import stream
from klaviyo_bulk_events.emulator.inspector.stream import Bell, Stream
from klaviyo_bulk_events.emulator.pausing import Barrier

PATIENCE = 10.0


@contextmanager
def listening(url):
    """The messages of a stream, one after the other."""
    with httpx.stream("GET", f"{url}/inspector/stream", timeout=PATIENCE) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield (
            orjson.loads(line.removeprefix("data: "))
            for line in answer.iter_lines()
            if line.startswith("data: ")
        )


def until(messages, condition):
    """The first message of which this is true."""
    return next(message for message in messages if condition(message))


def test_it_begins_with_everything(server, make):
    """What was received before, the limits, and the faults that there are."""
    server.emulator.receive(make.request(make.events("a")))
    with listening(server.url) as messages:
        first = next(messages)
    assert first["whole"]
    assert [row["number"] for row in first["requests"]] == [1]
    assert first["totals"]["accepted"] == 1
    assert "html_503" in first["about"]["faults"]


def test_what_is_new_follows(server, make):
    """Requests as they come, and whatever else changes; each message has only that."""
    with listening(server.url) as messages:
        next(messages)
        server.emulator.receive(make.request(make.events("a")))
        news = until(messages, lambda message: message["requests"])
        assert not news["whole"]
        assert "about" not in news
        server.emulator.receive(make.request(make.events("b")))
        news = until(messages, lambda message: message["requests"])
        assert [row["number"] for row in news["requests"]] == [2]
        server.emulator.inject("slow")
        assert until(messages, lambda message: message["asked"])["asked"] == {"slow": 1}
        httpx.post(f"{server.url}/emulator/pause")
        assert until(messages, lambda message: message["paused"])["held"] == 0


def test_of_several_accounts_all_windows_of_the_last_are_told(make):
    """Whoever was told another's windows can't add to them."""
    rates = (Rate(1_000, 3_600),)
    settings = Settings(account_per_key=True, rates=rates)
    told = []
    with running(settings) as server, listening(server.url) as messages:
        next(messages)
        for key in ("a", "a", "b", "a"):
            server.emulator.receive(make.request(b"{}", authorization=f"Bearer {key}"))
            ((window,),) = until(messages, lambda message: message["requests"])["windows"]
            told.append(window)
    (first, _), (again, _), (other, _), (last, _) = told
    assert [number for _, number in told] == [1, 2, 1, 3]
    assert first == again == last != other


def test_a_reset_begins_anew(server, make):
    """Everything is told again, which is nothing."""
    server.emulator.receive(make.request(make.events("a")))
    with listening(server.url) as messages:
        next(messages)
        server.emulator.reset()
        news = until(messages, lambda message: message["whole"])
    assert (news["requests"], news["totals"]["requests"]) == ([], 0)


def test_many_at_once_are_few_messages(server, make):
    """However much comes, a message holds at most the latest hundred requests."""
    with listening(server.url) as messages:
        next(messages)
        for number in range(500):
            server.emulator.receive(make.request(make.events(f"u{number}")))
        told = 0
        for message in messages:
            told += 1
            assert len(message["requests"]) <= 100
            if message["totals"]["requests"] == 500:
                break
    assert message["requests"][0]["number"] == 500
    assert told < 100


@pytest.fixture
def composed(monkeypatch):
    """The messages that were made for listeners: so long that some fill all buffers on the way."""
    messages = []
    original = Stream._message

    def message(self, news):
        messages.append(news)
        return {**original(self, news), "padding": "x" * 1_000_000}

    monkeypatch.setattr(Stream, "_message", message)
    monkeypatch.setattr(stream, "_SHORTEST", 0.01)
    return messages


def test_who_does_not_read_holds_nothing_up(server, make, composed):
    """Nothing is made for a listener that takes nothing in, and others are told as ever."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect((host, int(port)))
        deaf.sendall(b"GET /inspector/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        number = 0
        before = -1
        deadline = time.monotonic() + 60
        while len(composed) != before and time.monotonic() < deadline:
            before = len(composed)
            number += 1
            server.emulator.receive(make.request(make.events(f"u{number}")))
            time.sleep(0.3)
        assert len(composed) == before
        with listening(server.url) as messages:
            assert next(messages)["totals"]["requests"] == number
            server.emulator.receive(make.request(make.events("last")))
            told = until(messages, lambda message: not message["whole"] and message["requests"])
            assert told["totals"]["requests"] == number + 1


@pytest.mark.parametrize("turns", range(8))
def test_who_leaves_as_the_bell_rings_is_gone(emulator, monkeypatch, turns):
    """However many turns of the loop lie between the two, nothing goes on for a listener."""
    monkeypatch.setattr(stream, "_SHORTEST", 0.0)
    bell = Bell()

    async def send(message):
        pass

    async def listen():
        telling = asyncio.create_task(Stream(emulator, Barrier(), bell)._tell(send))
        await asyncio.sleep(0.01)
        bell.ring()
        for _ in range(turns):
            await asyncio.sleep(0)
        telling.cancel()
        done, _ = await asyncio.wait({telling}, timeout=0.1)
        telling.cancel()
        return done

    assert asyncio.run(listen())


def test_it_ends_with_the_server(make):
    """An open stream does not keep a server from stopping."""
    started = time.monotonic()
    with running(Settings()) as server, listening(server.url) as messages:
        next(messages)
        entered = time.monotonic()
    assert entered - started < PATIENCE
    with pytest.raises(httpx.TransportError):
        httpx.get(server.url)


def test_a_stopped_server_leaves_its_emulator_usable(make):
    """Who listened is gone, and is not called any more."""
    with running(Settings(rates=())) as server, listening(server.url) as messages:
        next(messages)
    assert server.emulator.receive(make.request()).status == 202
