"""Where requests go and what they carry."""

from typing import Any

import httpx
import pytest

from klaviyo_bulk_events import ConfigurationError, KlaviyoBulkEvents, StoppedError, limits
from klaviyo_bulk_events.credentials import ApiKey
from klaviyo_bulk_events.endpoint import Endpoint

KEY = "pk_0123456789abcdef"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"api_key": None}, "KLAVIYO_API_KEY"),
        ({"api_key": ""}, "KLAVIYO_API_KEY"),
        ({"api_key": "pk_1\r\nX-Evil: 1"}, "line breaks"),
        ({"api_key": "pk 1"}, "spaces"),
        ({"api_key": "pk_\u00e9"}, "characters"),
        ({"base_url": "a.klaviyo.com"}, "must look like"),
        ({"base_url": "ftp://a.klaviyo.com"}, "must look like"),
        ({"base_url": "http://[::1"}, "must look like"),
        ({"base_url": "https://a.klaviyo.com:99999"}, "port 99999"),
        ({"base_url": "https://a.klaviyo.com:0"}, "port 0"),
        ({"base_url": "http://a.klaviyo.com"}, "TLS"),
        ({"base_url": "http://127.evil.org"}, "TLS"),
        ({"base_url": "https://user:secret@a.klaviyo.com"}, "without a user"),
        ({"base_url": "https://a.klaviyo.com?x=1"}, "without a user"),
        ({"rates": "10/s"}, "list"),
        ({"rates": []}, "at least one rate"),
        ({"rates": ["10"]}, "10/s"),
        ({"rates": ["0/s"]}, "above 0"),
        ({"timeout": 0.0}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"deadline": -1.0}, "deadline"),
        ({"timeout": "5"}, "timeout"),
        ({"deadline": None}, "deadline"),
        ({"wait_for_outage": 0.0}, "wait_for_outage"),
        ({"wait_for_outage": "6h"}, "wait_for_outage"),
        ({"max_in_flight": 1.5}, "max_in_flight"),
        ({"narrowing_budget": -1}, "narrowing_budget"),
        ({"max_in_flight": 0}, "max_in_flight"),
    ],
)
def test_wrong_settings(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], words: str
) -> None:
    """Each is said when the client is made, before anything is sent, without the key in it."""
    monkeypatch.delenv("KLAVIYO_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match=words) as raised:
        KlaviyoBulkEvents(**{"api_key": KEY, **settings})
    assert KEY not in str(raised.value)
    assert "Evil" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.9:1", "http://[::1]:1"])
def test_loopback_may_do_without_tls(url: str) -> None:
    """Nobody listens there."""
    assert Endpoint.of(ApiKey(KEY), url).url.startswith(url)


def test_plain_http_can_be_forced() -> None:
    """For an emulator in a container."""
    endpoint = Endpoint.of(ApiKey(KEY), "http://emulator:8025/", allow_plain_http=True)
    assert endpoint.url == "http://emulator:8025/api/event-bulk-create-jobs"


def test_the_environment_fills_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key and the base URL come from the environment unless they are given."""
    monkeypatch.setenv("KLAVIYO_API_KEY", "pk_env")
    monkeypatch.setenv("KLAVIYO_BASE_URL", "https://proxy.example.org")
    endpoint = Endpoint.of(ApiKey(None), None)
    assert endpoint.headers()["Authorization"] == "Klaviyo-API-Key pk_env"
    assert endpoint.url.startswith("https://proxy.example.org/api/")
    assert Endpoint.of(ApiKey(KEY), "https://a.b").headers()["Authorization"].endswith(KEY)


def test_what_a_request_carries() -> None:
    """The spec's method, path, revision and media type; no falling forward to another revision."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202)

    event = {
        "metric": "Viewed Product",
        "profile": {"external_id": "7"},
        "time": "2025-05-05T12:00:00Z",
        "unique_id": "view-1",
        "value": 9.5,
    }
    with KlaviyoBulkEvents(KEY, transport=httpx.MockTransport(answer)) as klaviyo:
        klaviyo.send([event], backfill=True)
    (request,) = seen
    assert (request.method, str(request.url)) == (
        "POST",
        f"{limits.SERVER}/api/event-bulk-create-jobs",
    )
    expected = {
        "authorization": f"Klaviyo-API-Key {KEY}",
        "content-type": "application/vnd.api+json",
        "revision": limits.REVISION,
        "x-klaviyo-revision-fall-forward-opt-out": "1",
    }
    assert {name: request.headers[name] for name in expected} == expected
    assert request.read() == (
        b'{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":['
        b'{"type":"event-bulk-create","attributes":{"backfill":true,"profile":{"data":'
        b'{"type":"profile","attributes":{"external_id":"7"}}},"events":{"data":['
        b'{"type":"event","attributes":{"metric":{"data":{"type":"metric","attributes":'
        b'{"name":"Viewed Product"}}},"time":"2025-05-05T12:00:00Z","backfill":true,"value":9.5,'
        b'"unique_id":"view-1","properties":{}}}]}}}]}}}}'
    )


def test_redirects_are_not_followed() -> None:
    """The key goes nowhere but where it was meant to go."""
    hosts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://evil.org/"})

    event = {"metric": "A", "profile": {"external_id": "7"}, "time": "2025-05-05T12:00:00Z"}
    with (
        KlaviyoBulkEvents(KEY, transport=httpx.MockTransport(answer)) as klaviyo,
        pytest.raises(StoppedError, match="base URL"),
    ):
        klaviyo.send([event], backfill=True)
    assert hosts == ["a.klaviyo.com"]
