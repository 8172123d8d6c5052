"""The ways from rows to Klaviyo's answer that are compared."""

import asyncio
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import httpx
import orjson

from benchmarks import forms, generated_models, shop
from klaviyo_bulk_events import AsyncKlaviyoBulkEvents, KlaviyoBulkEvents
from klaviyo_bulk_events.limits import REVISION
from klaviyo_bulk_events_api import AuthenticatedClient
from klaviyo_bulk_events_api.api.events.bulk_create_events import sync_detailed

Way = Callable[[list[shop.Row]], None]
"""Sends rows in one request and returns once it is answered with 202."""

FLOOR: Final = "plain dicts, orjson, httpx"
EVENTS: Final = "Event objects"
DERIVED: Final = "Event objects, unique_id derived"
SDK: Final = "klaviyo-api 25.0.0"
RATES: Final = ("100000/s",)
"""So high that the limiter never waits."""

_KEY: Final = "pk_benchmark"
_PATH: Final = "/api/event-bulk-create-jobs"
_HEADERS: Final = {
    "Authorization": f"Klaviyo-API-Key {_KEY}",
    "Content-Type": "application/vnd.api+json",
    "revision": REVISION,
}


@contextmanager
def all_ways(url: str) -> Iterator[dict[str, Way]]:
    """Every way by its name, each with connections of its own to this server.

    Without klaviyo-api where that is not installed.
    """
    with ExitStack() as stack:
        yield {
            FLOOR: _plain(stack.enter_context(httpx.Client()), url),
            **_blocking(stack.enter_context(KlaviyoBulkEvents(_KEY, base_url=url, rates=RATES))),
            "Event objects, AsyncKlaviyoBulkEvents": _asyncio(stack, url),
            "generated models, sync_detailed": _generated(stack, url),
            **({SDK: _sdk(url)} if importlib.util.find_spec("klaviyo_api") else {}),
        }


def _plain(http: httpx.Client, url: str) -> Way:
    def send(rows: list[shop.Row]) -> None:
        body = orjson.dumps(forms.document(rows))
        assert http.post(url + _PATH, content=body, headers=_HEADERS).status_code == 202

    return send


def _blocking(klaviyo: KlaviyoBulkEvents) -> dict[str, Way]:
    def events(rows: list[shop.Row]) -> None:
        assert klaviyo.send(forms.events(rows), backfill=True).accepted == len(rows)

    def records(rows: list[shop.Row]) -> None:
        assert klaviyo.send(forms.records(rows), backfill=True).accepted == len(rows)

    def derived(rows: list[shop.Row]) -> None:
        assert klaviyo.send(forms.events(rows, derive=True), backfill=True).accepted == len(rows)

    def decimals(rows: list[shop.Row]) -> None:
        assert klaviyo.send(forms.events_with_decimals(rows), backfill=True).accepted == len(rows)

    return {
        EVENTS: events,
        "record mappings": records,
        DERIVED: derived,
        "Event objects, Decimals in properties": decimals,
    }


def _asyncio(stack: ExitStack, url: str) -> Way:
    runner = stack.enter_context(asyncio.Runner())
    klaviyo = AsyncKlaviyoBulkEvents(_KEY, base_url=url, rates=RATES)
    stack.callback(lambda: runner.run(klaviyo.aclose()))

    def send(rows: list[shop.Row]) -> None:
        report = runner.run(klaviyo.send(forms.events(rows), backfill=True))
        assert report.accepted == len(rows)

    return send


def _generated(stack: ExitStack, url: str) -> Way:
    client = stack.enter_context(
        AuthenticatedClient(base_url=url, token=_KEY, prefix="Klaviyo-API-Key")
    )

    def send(rows: list[shop.Row]) -> None:
        answer = sync_detailed(client=client, body=generated_models.job(rows))
        assert answer.status_code == 202

    return send


def _sdk(url: str) -> Way:
    from benchmarks import sdk

    create_events = sdk.create_events(url, _KEY)

    def send(rows: list[shop.Row]) -> None:
        create_events(forms.document(rows))

    return send
