"""Places in Redis: its time, its keys, and what happens when it is away."""

import logging
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import redis as redis_py

from benchmarks.redis_server import RedisServer
from klaviyo_bulk_events import ConfigurationError, KlaviyoBulkEvents, Rate
from klaviyo_bulk_events.emulator import Running, Settings, running
from klaviyo_bulk_events.errors import LimiterError
from klaviyo_bulk_events.limiter import RETRY_AFTER, Limiter, Place
from klaviyo_bulk_events.limiting import LimiterUrl
from klaviyo_bulk_events.shared_places.redis import RedisPlaces
from tests.shared_places.conftest import opened

LEASE = 5.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def account() -> str:
    return uuid4().hex


@pytest.fixture
def places(redis: RedisServer, account: str) -> RedisPlaces:
    """One request in half a second."""
    return opened(RedisPlaces(LimiterUrl(redis.url), account, [Rate(1, 0.5)], LEASE))


@pytest.fixture
def client(redis: RedisServer) -> Iterator[redis_py.Redis]:
    with redis_py.Redis.from_url(redis.url) as client:
        yield client


def test_the_server_s_time_counts(
    places: RedisPlaces, client: redis_py.Redis, account: str
) -> None:
    """Whatever clocks the processes' hosts have."""
    assert places.ask("a") == 0.0
    end = client.zscore(f"klaviyo-bulk-events:{account}:places", "a")
    seconds, microseconds = client.time()
    assert seconds + microseconds / 1e6 + LEASE == pytest.approx(end, abs=1.0)


@pytest.mark.parametrize("mode", ["", "?time=command"])
def test_either_way_to_the_time(redis: RedisServer, account: str, mode: str) -> None:
    """A server that refuses TIME in scripts is asked for it beforehand."""
    places = opened(RedisPlaces(LimiterUrl(redis.url + mode), account, [Rate(1, 0.2)], LEASE))
    assert places.ask("a") == 0.0
    places.answered("a", None)
    wait = places.ask("b")
    assert 0.0 < wait <= 0.2
    time.sleep(wait + 0.01)
    assert places.ask("b") == 0.0


def test_every_key_expires(places: RedisPlaces, client: redis_py.Redis, account: str) -> None:
    """Nothing is left of an account that is no longer used."""
    places.ask("a")
    places.ask("b")
    places.pause(3.0)
    keys = list(client.scan_iter(f"*{account}*"))
    assert len(keys) == 5
    left = {bytes(key).rpartition(b":")[2]: client.pttl(key) for key in keys}
    assert all(0 < milliseconds < 120_000 for milliseconds in left.values())
    assert left[b"places"] > (LEASE + 0.5) * 1000
    assert 2_000 < left[b"pause"] <= 3_000


def test_a_flushed_script_is_loaded_again(places: RedisPlaces, client: redis_py.Redis) -> None:
    """SCRIPT FLUSH, a restart, a failover."""
    assert places.ask("a") == 0.0
    client.script_flush()
    assert places.ask("b") > 0.0


def test_a_grant_whose_answer_was_lost_is_not_held_twice(places: RedisPlaces) -> None:
    """Asking again under the same seat gives the place back first."""
    assert places.ask("a") == 0.0
    assert places.ask("a") == 0.0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://user:s3cret@127.0.0.1:port/0", "can't be read"),
        ("redis://[::1", "can't be read"),
        ("redis://127.0.0.1/0?time=yes", "time=command"),
    ],
)
def test_a_url_that_is_none(url: str, words: str) -> None:
    """It is said when the client is made, without the password."""
    with pytest.raises(ConfigurationError, match=words) as raised:
        KlaviyoBulkEvents("pk_0123456789abcdef", limiter=url)
    assert "s3cret" not in str(raised.value)


def test_a_wrong_password_is_not_shown(redis: RedisServer) -> None:
    """The error names the server and its reason."""
    url = redis.url.replace("//", "//nobody:s3cret@")
    with pytest.raises(LimiterError, match=r"127\.0\.0\.1.*invalid username") as raised:
        opened(RedisPlaces(LimiterUrl(url), "account", [Rate(1, 1.0)], LEASE)).ask("a")
    assert "s3cret" not in str(raised.value)


@pytest.fixture
def own_server(redis: RedisServer) -> Iterator[RedisServer]:
    """A server that the test may stop."""
    server = RedisServer()
    server.start()
    yield server
    server.stop()


def test_nothing_is_sent_while_redis_is_away(
    own_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It is waited for, and what it could not hear is told first; past the patience it is said."""
    clock = Clock()
    places = opened(
        RedisPlaces(LimiterUrl(own_server.url), "account", [Rate(2, 60.0)], LEASE, clock)
    )
    limiter = Limiter(places, clock, patience=10.0)
    held = limiter.ask(limiter.join(lambda: None))
    assert isinstance(held, Place)
    own_server.stop()
    limiter.unused(held)
    ticket = limiter.join(lambda: None)
    with caplog.at_level(logging.WARNING):
        assert limiter.ask(ticket) == limiter.ask(ticket) == RETRY_AFTER
    assert len(caplog.records) == 1
    clock.now += 10.1
    with pytest.raises(LimiterError, match="127"):
        limiter.ask(ticket)
    own_server.start()
    clock.now += LEASE + 60.0  # what it forgot while it was away counts no more
    assert isinstance(limiter.ask(ticket), Place)


def test_a_server_that_forgot_grants_nothing(
    redis: RedisServer, client: redis_py.Redis, account: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What was sent before a restart without its data counts all the same, for all who share."""
    clock = Clock()
    one, other = (
        opened(RedisPlaces(LimiterUrl(redis.url), account, [Rate(5, 0.5)], LEASE, clock))
        for _ in range(2)
    )
    assert one.ask("a") == other.ask("b") == 0.0
    for key in client.scan_iter(f"*{account}*"):
        client.delete(key)
    assert one.ask("c") == pytest.approx(LEASE + 0.5, abs=0.1)
    assert other.ask("d") == pytest.approx(LEASE + 0.5, abs=0.1)
    assert "forgot" in caplog.text


def test_an_old_snapshot_is_noticed(
    redis: RedisServer, client: redis_py.Redis, account: str
) -> None:
    """So is a failover to a replica that was behind, by whoever was granted what it lacks."""
    one, other = (
        opened(RedisPlaces(LimiterUrl(redis.url), account, [Rate(5, 0.5)], LEASE)) for _ in "ab"
    )
    assert one.ask("a") == other.ask("b") == 0.0
    client.zrem(f"klaviyo-bulk-events:{account}:places", "b")
    assert one.ask("c") == 0.0
    assert other.ask("d") > LEASE
    assert one.ask("e") > LEASE


def test_an_answer_that_comes_after_a_restart_counts(
    redis: RedisServer, client: redis_py.Redis, account: str
) -> None:
    """Telling of it does not hide that the server forgot."""
    places = opened(RedisPlaces(LimiterUrl(redis.url), account, [Rate(3, 0.5)], LEASE))
    assert [places.ask(seat) for seat in "abc"] == [0.0, 0.0, 0.0]
    for key in client.scan_iter(f"*{account}*"):
        client.delete(key)
    for seat in "abc":
        places.answered(seat, None)
    assert places.ask("d") > LEASE
    assert client.zcard(f"klaviyo-bulk-events:{account}:places") == 3


def test_a_shorter_lease_takes_nobody_s_place(redis: RedisServer, account: str) -> None:
    """Keys live as long as the longest lease of those who share them."""
    long = opened(RedisPlaces(LimiterUrl(redis.url), account, [Rate(1, 1.0)], 600.0))
    short = opened(RedisPlaces(LimiterUrl(redis.url), account, [Rate(1, 1.0)], LEASE))
    assert long.ask("a") == 0.0
    assert short.ask("b") > 0.0
    with redis_py.Redis.from_url(redis.url) as client:
        assert client.pttl(f"klaviyo-bulk-events:{account}:places") > 600_000


def test_what_expired_is_not_lost(redis: RedisServer, client: redis_py.Redis, account: str) -> None:
    """An account that nothing was sent to for long starts at once."""
    clock = Clock()
    places = opened(RedisPlaces(LimiterUrl(redis.url), account, [Rate(5, 0.5)], LEASE, clock))
    assert places.ask("a") == 0.0
    for key in client.scan_iter(f"*{account}*"):
        client.delete(key)
    clock.now += LEASE + 0.6
    assert places.ask("b") == 0.0


EVENT = {"metric": "A", "profile": {"external_id": "7"}, "time": "2025-05-05T12:00:00Z"}


@pytest.fixture
def emulated() -> Iterator[Running]:
    with running(Settings(rates=())) as server:
        yield server


def test_a_run_without_its_limiter(own_server: RedisServer, emulated: Running) -> None:
    """Where Redis stays away beyond the deadline, nothing was sent, and the report says why."""
    own_server.stop()
    with KlaviyoBulkEvents(
        "pk_0123456789abcdef", base_url=emulated.url, limiter=own_server.url, deadline=0.1
    ) as klaviyo:
        report = klaviyo.send([EVENT], backfill=True)
    assert (report.unsent, report.requests) == (1, 0)
    assert report.stopped is not None
    assert "limiter" in report.stopped
    assert emulated.emulator.requests() == []


def test_a_run_goes_on_once_redis_is_back(
    own_server: RedisServer, emulated: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the deadline an absence is only a wait."""
    monkeypatch.setattr("klaviyo_bulk_events.limiter.RETRY_AFTER", 0.05)
    own_server.stop()
    tries: list[float] = []
    ask = RedisPlaces.ask

    def asking(self: RedisPlaces, seat: str) -> float:
        tries.append(1.0)
        if len(tries) == 3:
            own_server.start()
        return ask(self, seat)

    monkeypatch.setattr(RedisPlaces, "ask", asking)
    with KlaviyoBulkEvents(
        "pk_0123456789abcdef", base_url=emulated.url, limiter=own_server.url
    ) as klaviyo:
        report = klaviyo.send([EVENT], backfill=True)
    assert (report.accepted, report.requests) == (1, 1)
    assert len(tries) >= 3


def test_threads_share_what_is_known(places: RedisPlaces, monkeypatch: pytest.MonkeyPatch) -> None:
    """However they take turns, none of them finds it changing under its hands."""
    monkeypatch.setattr(places, "_run_script", lambda keys, given: ("0", 0))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            for seat in threads.map(str, range(4_000)):
                threads.submit(places.unused, seat)
            done = [threads.submit(places.ask, str(number)) for number in range(4_000)]
        assert [future.result() for future in done] == [0.0] * 4_000
    finally:
        sys.setswitchinterval(interval)
