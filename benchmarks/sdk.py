"""Klaviyo's own client, klaviyo-api."""

from collections.abc import Callable

from klaviyo_api import KlaviyoAPI


def create_events(url: str, key: str) -> Callable[[dict[str, object]], None]:
    """Its method for this endpoint, which takes the request as plain dicts, sent to `url`."""
    api = KlaviyoAPI(key, max_retries=1, test_host=url)
    method: Callable[[dict[str, object]], None] = api.Events.bulk_create_events
    return method
