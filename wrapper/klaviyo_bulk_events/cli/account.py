"""Whose account it is, and the client for it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from klaviyo_bulk_events.client import KlaviyoBulkEvents
from klaviyo_bulk_events.limits import SERVER
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.references import key_in
from klaviyo_bulk_events.settings import read_rates
from klaviyo_bulk_events.steps import Watcher

_SETTINGS: Final = (
    "base_url",
    "share",
    "limiter",
    "timeout",
    "deadline",
    "wait_for_outage",
    "max_in_flight",
    "narrowing_budget",
    "allow_plain_http",
)
_SHOWN: Final = 4
_LONG_ENOUGH: Final = 16
"""Characters of a key of which the last four may be shown."""


def read_key(path: Path | None) -> str | None:
    """The key in the file; None leaves it to the environment. Raises ConfigurationError."""
    return None if path is None else key_in(path)


def client(options: Mapping[str, Any], watch: Watcher) -> KlaviyoBulkEvents:
    """The client that the options describe. Raises ConfigurationError."""
    key = read_key(options["api_key_file"])
    return KlaviyoBulkEvents(key, account=options["account"], on_event=watch, **settings(options))


def settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """What the options say of one account as of many."""
    return {name: options[name] for name in _SETTINGS} | {"rates": options["rate"] or None}


def rates_of(options: Mapping[str, Any]) -> tuple[Rate, ...]:
    """The rates that the options leave to this client. Raises ConfigurationError."""
    return read_rates(options["rate"] or None, options["share"])


def described(options: Mapping[str, Any]) -> str:
    """The account as far as it can be told without asking: the key's end, and the host."""
    if options["accounts"] is not None:
        return f"each record's own, of those in {options['accounts']}"
    key = read_key(options["api_key_file"]) or os.environ.get("KLAVIYO_API_KEY", "")
    end = key[-_SHOWN:] if len(key) >= _LONG_ENOUGH else ""
    base = options["base_url"] or os.environ.get("KLAVIYO_BASE_URL") or SERVER
    return f"that of the key …{end} at {urlsplit(base).netloc}"
