"""The key shows itself nowhere: logs, reprs, tracebacks with locals, the process list."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import httpx
import pytest

from klaviyo_bulk_events import AsyncKlaviyoBulkEvents, KlaviyoBulkEvents
from klaviyo_bulk_events.cli.main import cli
from klaviyo_bulk_events.cli.send import send
from klaviyo_bulk_events.credentials import ApiKey
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.endpoint import Endpoint

KEY = "pk_0123456789abcdef"
EVENT = {"metric": "A", "profile": {"external_id": "7"}, "time": "2025-05-05T12:00:00Z"}
Connect = Callable[..., Any]
CLIENTS = [KlaviyoBulkEvents, AsyncKlaviyoBulkEvents]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        yield from chain(error.__cause__)
        error = error.__context__


def frames(error: BaseException) -> Iterator[FrameType]:
    """The frames of an error and of those it came from, but for the test's own."""
    for one in chain(error):
        traceback = one.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename != __file__:
                yield traceback.tb_frame
            traceback = traceback.tb_next


def shown(error: BaseException) -> str:
    """All that a traceback with locals shows."""
    values = [repr(value) for frame in frames(error) for value in frame.f_locals.values()]
    return "\n".join([*map(repr, chain(error)), *map(str, chain(error)), *values])


def failing(status: int) -> Callable[[httpx.Request], httpx.Response]:
    errors = {"errors": [{"id": "e", "code": "not_authenticated"}]}
    return lambda request: httpx.Response(status, json=errors)


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": 0.0},
        {"rates": ["10"]},
        {"base_url": "http://a.klaviyo.com"},
        {"base_url": "https://"},
        {"api_key": f"{KEY}\nX-Evil: 1"},
        {"api_key": f"{KEY}\u00e9"},
    ],
)
def test_no_key_where_a_client_can_t_be_made(kind: Any, wrong: dict[str, Any]) -> None:
    """Nothing holds the key as text by the time that something can fail."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is
        kind(**{"api_key": KEY, **wrong})
    assert list(frames(raised.value))
    assert KEY not in shown(raised.value)


def broken_source() -> Iterator[dict[str, Any]]:
    yield EVENT
    raise OSError("the source broke")


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
@pytest.mark.parametrize("source", [lambda: [EVENT], broken_source, lambda: 7])
def test_no_key_where_a_run_fails(kind: str, source: Callable[[], Any]) -> None:
    """A refused key, a source that raises, a mistake of the program."""
    answer = httpx.MockTransport(failing(401))
    if kind == "blocking":
        klaviyo = KlaviyoBulkEvents(KEY, transport=answer)
        with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is
            klaviyo.send(source(), backfill=True)
    else:
        other = AsyncKlaviyoBulkEvents(KEY, transport=answer)
        with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is
            asyncio.run(other.send(source(), backfill=True))
    assert list(frames(raised.value))
    assert KEY not in shown(raised.value)


def test_no_key_where_a_task_is_cancelled(emulated: Running) -> None:
    """A cancelled send() shows no frame that holds the headers."""
    emulated.emulator.set_faults({"silence": 1.0})

    async def cancel() -> BaseException:
        async with AsyncKlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
            sending = asyncio.create_task(klaviyo.send([EVENT], backfill=True))
            await asyncio.sleep(0.2)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await sending
            return raised.value

    error = asyncio.run(cancel())
    assert list(frames(error))
    assert KEY not in shown(error)


@pytest.mark.parametrize("fault", [None, "html_503", "reset_after", "cut"])
def test_no_key_in_any_log(
    connect: Connect, emulated: Running, caplog: pytest.LogCaptureFixture, fault: str | None
) -> None:
    """Not even where httpx, httpcore and asyncio tell all that they do."""
    caplog.set_level(logging.DEBUG)
    if fault is not None:
        emulated.emulator.inject(fault, times=1)
    report = connect(api_key=KEY).send([EVENT])
    assert report.accepted + report.duplicate == 1
    assert {record.name.partition(".")[0] for record in caplog.records} >= {"httpx", "httpcore"}
    assert KEY not in caplog.text


def test_no_key_in_any_repr() -> None:
    """Nor in that of anything a client is made of."""
    key = ApiKey(KEY)
    endpoint = Endpoint.of(key, None)
    texts = [repr(key), repr(endpoint), repr(endpoint.headers())]
    for kind in CLIENTS:
        texts += [repr(kind(KEY)), repr(vars(kind(KEY)))]
    assert not [text for text in texts if KEY in text]
    assert KEY in endpoint.headers()["authorization"]


def test_no_key_among_the_arguments_of_a_command() -> None:
    """Every user of the machine sees those: a key comes from a file or the environment."""
    assert {p.name for p in send.params if "key" in str(p.name)} == {"api_key_file"}
    assert "check" in cli.list_commands(send.make_context("send", ["x"], resilient_parsing=True))


def test_the_server_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its certificate, and that it is for this name, whatever the environment says."""
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    context = Endpoint.of(ApiKey(KEY), None).ssl_context()
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
def test_what_is_for_this_machine_meets_no_proxy(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Without TLS a proxy would read the key and the events."""
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert connect(deadline=0.01).send([EVENT]).accepted == 1
