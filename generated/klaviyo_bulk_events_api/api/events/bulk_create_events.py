from http import HTTPStatus
from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.create_job import CreateJob
from ...models.error_document import ErrorDocument
from ...types import Response


def _get_kwargs(
    *,
    body: CreateJob,
    revision: str = "2026-04-15",
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    headers["revision"] = revision

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/event-bulk-create-jobs",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/vnd.api+json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | ErrorDocument | None:
    if response.status_code == 202:
        response_202 = cast(Any, None)
        return response_202

    if 400 <= response.status_code <= 499:
        response_4xx = ErrorDocument.from_dict(response.json())

        return response_4xx

    if 500 <= response.status_code <= 599:
        response_5xx = ErrorDocument.from_dict(response.json())

        return response_5xx

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | ErrorDocument]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreateJob,
    revision: str = "2026-04-15",
) -> Response[Any | ErrorDocument]:
    """Bulk Create Events

     Create a batch of events for one or more profiles.

    Note that this endpoint allows you to create new profiles or update existing profile properties.

    At a minimum, profile and metric objects should include at least one profile identifier (e.g., `id`,
    `email`, or `phone_number`) and the metric `name`, respectively.

    Accepts up to 1,000 events per request. The maximum allowed payload size is 5MB. A single string
    cannot exceed 100KB.
    *Rate limits*:
    Burst: `10/s`
    Steady: `150/m`

    **Scopes:**
    `events:write`

    [OpenAPI Spec](https://raw.githubusercontent.com/klaviyo/openapi/main/openapi/stable/apis/bulk_creat
    e_events.json)

    Args:
        revision (str):  Default: '2026-04-15'.
        body (CreateJob):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ErrorDocument]
    """

    kwargs = _get_kwargs(
        body=body,
        revision=revision,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: CreateJob,
    revision: str = "2026-04-15",
) -> Any | ErrorDocument | None:
    """Bulk Create Events

     Create a batch of events for one or more profiles.

    Note that this endpoint allows you to create new profiles or update existing profile properties.

    At a minimum, profile and metric objects should include at least one profile identifier (e.g., `id`,
    `email`, or `phone_number`) and the metric `name`, respectively.

    Accepts up to 1,000 events per request. The maximum allowed payload size is 5MB. A single string
    cannot exceed 100KB.
    *Rate limits*:
    Burst: `10/s`
    Steady: `150/m`

    **Scopes:**
    `events:write`

    [OpenAPI Spec](https://raw.githubusercontent.com/klaviyo/openapi/main/openapi/stable/apis/bulk_creat
    e_events.json)

    Args:
        revision (str):  Default: '2026-04-15'.
        body (CreateJob):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ErrorDocument
    """

    return sync_detailed(
        client=client,
        body=body,
        revision=revision,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreateJob,
    revision: str = "2026-04-15",
) -> Response[Any | ErrorDocument]:
    """Bulk Create Events

     Create a batch of events for one or more profiles.

    Note that this endpoint allows you to create new profiles or update existing profile properties.

    At a minimum, profile and metric objects should include at least one profile identifier (e.g., `id`,
    `email`, or `phone_number`) and the metric `name`, respectively.

    Accepts up to 1,000 events per request. The maximum allowed payload size is 5MB. A single string
    cannot exceed 100KB.
    *Rate limits*:
    Burst: `10/s`
    Steady: `150/m`

    **Scopes:**
    `events:write`

    [OpenAPI Spec](https://raw.githubusercontent.com/klaviyo/openapi/main/openapi/stable/apis/bulk_creat
    e_events.json)

    Args:
        revision (str):  Default: '2026-04-15'.
        body (CreateJob):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | ErrorDocument]
    """

    kwargs = _get_kwargs(
        body=body,
        revision=revision,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: CreateJob,
    revision: str = "2026-04-15",
) -> Any | ErrorDocument | None:
    """Bulk Create Events

     Create a batch of events for one or more profiles.

    Note that this endpoint allows you to create new profiles or update existing profile properties.

    At a minimum, profile and metric objects should include at least one profile identifier (e.g., `id`,
    `email`, or `phone_number`) and the metric `name`, respectively.

    Accepts up to 1,000 events per request. The maximum allowed payload size is 5MB. A single string
    cannot exceed 100KB.
    *Rate limits*:
    Burst: `10/s`
    Steady: `150/m`

    **Scopes:**
    `events:write`

    [OpenAPI Spec](https://raw.githubusercontent.com/klaviyo/openapi/main/openapi/stable/apis/bulk_creat
    e_events.json)

    Args:
        revision (str):  Default: '2026-04-15'.
        body (CreateJob):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | ErrorDocument
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            revision=revision,
        )
    ).parsed
