"""Clients of others, pointed at the emulator: Klaviyo's own SDK, and the generated one as it is."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks import forms, generated_models, sdk, shop
from klaviyo_bulk_events.testing import KlaviyoEmulator
from klaviyo_bulk_events_api import AuthenticatedClient
from klaviyo_bulk_events_api.api.events.bulk_create_events import asyncio_detailed, sync_detailed
from klaviyo_bulk_events_api.models import CreateJob, ErrorDocument
from klaviyo_bulk_events_api.types import Response

Answer = Response[Any | ErrorDocument]
Detailed = Callable[[AuthenticatedClient, CreateJob], Answer]

COUNT = 20


@pytest.fixture
def rows() -> list[shop.Row]:
    return list(shop.rows(COUNT, profiles=5))


@pytest.fixture(params=["socket", "transport"])
def generated(
    request: pytest.FixtureRequest, klaviyo_emulator: KlaviyoEmulator
) -> AuthenticatedClient:
    """The generated client, by either way to the emulator."""
    reach = {"transport": klaviyo_emulator.transport} if request.param == "transport" else {}
    return AuthenticatedClient(
        base_url=klaviyo_emulator.url,
        token=klaviyo_emulator.key,
        prefix="Klaviyo-API-Key",
        httpx_args=reach,
    )


def blocking(client: AuthenticatedClient, body: CreateJob) -> Answer:
    with client:
        return sync_detailed(client=client, body=body)


def asynchronous(client: AuthenticatedClient, body: CreateJob) -> Answer:
    async def send() -> Answer:
        async with client:
            return await asyncio_detailed(client=client, body=body)

    return asyncio.run(send())


@pytest.fixture(params=[blocking, asynchronous])
def detailed(request: pytest.FixtureRequest) -> Detailed:
    found: Detailed = request.param
    return found


def test_the_generated_client_s_events_arrive(
    klaviyo_emulator: KlaviyoEmulator,
    generated: AuthenticatedClient,
    detailed: Detailed,
    rows: list[shop.Row],
) -> None:
    """All fields of all of them are those that our own client sends."""
    assert detailed(generated, generated_models.job(rows)).status_code == 202
    klaviyo_emulator.assert_received(*forms.records(rows))


def test_the_generated_client_reads_a_refusal(
    klaviyo_emulator: KlaviyoEmulator,
    generated: AuthenticatedClient,
    detailed: Detailed,
    rows: list[shop.Row],
) -> None:
    klaviyo_emulator.refuse(lambda event: True)
    answer = detailed(generated, generated_models.job(rows))
    assert answer.status_code == 400
    assert isinstance(answer.parsed, ErrorDocument)
    assert len(answer.parsed.errors) == COUNT
    klaviyo_emulator.assert_received()


def test_klaviyo_s_sdk_is_taken(klaviyo_emulator: KlaviyoEmulator, rows: list[shop.Row]) -> None:
    """Its revision, its headers, its bytes."""
    send = sdk.create_events(klaviyo_emulator.url, klaviyo_emulator.key)
    send(forms.document(rows))
    klaviyo_emulator.assert_received(*forms.records(rows))


def test_klaviyo_s_sdk_reads_a_refusal(
    klaviyo_emulator: KlaviyoEmulator, rows: list[shop.Row]
) -> None:
    from openapi_client.exceptions import ApiException

    klaviyo_emulator.refuse(lambda event: True)
    send = sdk.create_events(klaviyo_emulator.url, klaviyo_emulator.key)
    with pytest.raises(ApiException) as raised:
        send(forms.document(rows))
    assert raised.value.status == 400
    assert "can't be processed" in str(raised.value.body)


def test_what_klaviyo_s_sdk_makes_of_a_repeat(
    klaviyo_emulator: KlaviyoEmulator, rows: list[shop.Row]
) -> None:
    """It knows nothing of what became of an event: the whole request fails."""
    from openapi_client.exceptions import ApiException

    send = sdk.create_events(klaviyo_emulator.url, klaviyo_emulator.key)
    send(forms.document(rows[:1]))
    with pytest.raises(ApiException):
        send(forms.document(rows))
    klaviyo_emulator.assert_received(*forms.records(rows[:1]))
