"""Access tokens: where they come from, and what happens when one is refused."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from klaviyo_bulk_events import (
    AsyncKlaviyoBulkEvents,
    ConfigurationError,
    KlaviyoBulkEvents,
    Rate,
    StoppedError,
)
from klaviyo_bulk_events.credentials import AccessToken
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.limiting import shared_out
from klaviyo_bulk_events.report import Report

EVENT = {"metric": "A", "profile": {"external_id": "7"}, "time": "2025-05-05T12:00:00Z"}
REFUSED = {"errors": [{"id": "e", "code": "not_authenticated"}]}


class Tokens:
    """Yields one token after the other; a server takes only the last one that is good."""

    def __init__(self, good: str) -> None:
        self.good = good
        self.asked = 0
        self.seen: list[str] = []

    def __call__(self) -> str:
        self.asked += 1
        return f"token-{self.asked}"

    async def later(self) -> str:
        await asyncio.sleep(0)
        return self()

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request.headers["authorization"])
        if self.seen[-1] == f"Bearer {self.good}":
            return httpx.Response(202)
        return httpx.Response(401, json=REFUSED)


def send(kind: str, tokens: Tokens, source: Any) -> Report:
    transport = httpx.MockTransport(tokens.answer)
    if kind == "blocking":
        with KlaviyoBulkEvents(source, transport=transport) as klaviyo:
            return klaviyo.send([EVENT], backfill=True)

    async def send() -> Report:
        async with AsyncKlaviyoBulkEvents(source, transport=transport) as klaviyo:
            return await klaviyo.send([EVENT], backfill=True)

    return asyncio.run(send())


Source = Callable[[Tokens], Callable[[], str | Awaitable[str]]]
WAYS: list[tuple[str, Source]] = [
    ("blocking", lambda tokens: tokens),
    ("asyncio", lambda tokens: tokens),
    ("asyncio", lambda tokens: tokens.later),
]


@pytest.mark.parametrize(("kind", "source"), WAYS)
def test_a_token_is_asked_for_once(kind: str, source: Source) -> None:
    """As long as it is good."""
    tokens = Tokens("token-1")
    assert send(kind, tokens, source(tokens)).accepted == 1
    assert (tokens.asked, tokens.seen) == (1, ["Bearer token-1"])


@pytest.mark.parametrize(("kind", "source"), WAYS)
def test_a_refused_token_is_asked_for_again(kind: str, source: Source) -> None:
    """The request goes again with the new one."""
    tokens = Tokens("token-2")
    report = send(kind, tokens, source(tokens))
    assert (report.accepted, report.requests) == (1, 2)
    assert tokens.seen == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize(("kind", "source"), WAYS)
def test_a_new_token_that_is_refused_too_ends_the_run(kind: str, source: Source) -> None:
    """Once is enough: there is something wrong with the account."""
    tokens = Tokens("none")
    with pytest.raises(StoppedError):
        send(kind, tokens, source(tokens))
    assert tokens.asked == 2


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
@pytest.mark.parametrize("wrong", ["", "two words", "token\r\nX-Evil: 1", None, 7])
def test_what_is_no_token_is_never_sent(kind: str, wrong: Any) -> None:
    """It counts as no connection, within the deadline."""
    tokens = Tokens("token-1")
    yielded = iter([wrong])
    assert send(kind, tokens, lambda: next(yielded, "token-1")).accepted == 1
    assert tokens.seen == ["Bearer token-1"]


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_a_source_that_fails_is_asked_again(kind: str) -> None:
    """A token server may be away for a moment, too."""
    tokens = Tokens("token-1")
    failures = iter([OSError("away")])

    def source() -> str:
        for failure in failures:
            raise failure
        return tokens()

    assert send(kind, tokens, source).accepted == 1


def test_an_account_s_name_is_needed_where_others_must_know_it(tmp_path: Path) -> None:
    """A token changes: a shared limiter and a journal need something that does not."""
    tokens = Tokens("token-1")
    with pytest.raises(ConfigurationError, match="account"):
        KlaviyoBulkEvents(tokens, limiter=f"sqlite:///{tmp_path}/limiter.db")
    with (
        KlaviyoBulkEvents(tokens, transport=httpx.MockTransport(tokens.answer)) as klaviyo,
        pytest.raises(JournalError, match="account"),
    ):
        klaviyo.send([EVENT], backfill=True, journal=tmp_path / "run.db")


def test_two_keys_of_one_account_go_on_with_one_journal(tmp_path: Path) -> None:
    """Under the account's name, a key that was rotated in the middle is no other account."""
    answer = httpx.MockTransport(lambda request: httpx.Response(202))
    for key in ("pk_0123456789abcdef", "pk_fedcba9876543210"):
        with KlaviyoBulkEvents(key, account="shop", transport=answer) as klaviyo:
            report = klaviyo.send([EVENT], backfill=True, journal=tmp_path / "run.db")
    assert (report.accepted, report.requests) == (1, 1)


@pytest.mark.parametrize("account", ["", "two\nlines", 7])
def test_a_wrong_account(account: Any) -> None:
    """It is a text that can stand in a key of Redis."""
    with pytest.raises(ConfigurationError, match="account"):
        KlaviyoBulkEvents("pk_0123456789abcdef", account=account)


@pytest.mark.parametrize("share", [0.0, 1.1, -1.0, "half", True])
def test_a_wrong_share(share: Any) -> None:
    """It is a part of the rates."""
    with pytest.raises(ConfigurationError, match="share"):
        KlaviyoBulkEvents("pk_0123456789abcdef", share=share)


@pytest.mark.parametrize(
    "limiter", ["", "sqlite:x", "sqlite://x.db", "memcached://x", "redis:x", 7]
)
def test_a_wrong_limiter(limiter: Any) -> None:
    """What there is, is listed."""
    with pytest.raises(ConfigurationError, match="sqlite:///"):
        KlaviyoBulkEvents("pk_0123456789abcdef", limiter=limiter)


def test_a_coroutine_for_threads_is_refused() -> None:
    """At once, and for a queue, too, which sends from a thread."""
    tokens = Tokens("token-1")
    with pytest.raises(ConfigurationError, match="coroutine"):
        KlaviyoBulkEvents(tokens.later)
    klaviyo = AsyncKlaviyoBulkEvents(tokens.later, account="shop")
    with pytest.raises(ConfigurationError, match="coroutine"):
        klaviyo.queue(backfill=False)


def test_requests_that_were_refused_together_ask_once() -> None:
    """A token that another request renewed meanwhile is not asked for again."""
    tokens = Tokens("token-2")
    token = AccessToken(tokens)
    token.authorization()
    before = time.monotonic()
    assert token.renew(before)
    assert token.renew(before)
    assert tokens.asked == 2


@pytest.mark.parametrize(
    ("share", "limits"), [(1.0, [10, 150]), (0.8, [8, 120]), (0.05, [1, 7]), (0.29, [2, 43])]
)
def test_a_share_is_rounded_down(share: float, limits: list[int]) -> None:
    """To one request at least."""
    rates = shared_out([Rate(10, 1.0), Rate(150, 60.0)], share)
    assert [rate.limit for rate in rates] == limits


def test_a_redis_password_is_in_no_repr() -> None:
    """Nor in that of what a client is made of."""
    klaviyo = KlaviyoBulkEvents("pk_0123456789abcdef", limiter="redis://user:s3cret@127.0.0.1:1")
    assert "s3cret" not in repr(vars(klaviyo))
    klaviyo.close()
