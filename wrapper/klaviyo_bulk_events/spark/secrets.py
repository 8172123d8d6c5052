"""What must not stand in an option: Spark shows options in plans, logs and its pages."""

import os
import re
from collections.abc import Mapping
from typing import Final

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.references import text_in_environment

_NAMES: Final = frozenset(
    ("apikey", "key", "privatekey", "token", "accesstoken", "secret", "password", "authorization")
)
_KEY: Final = re.compile(r"\bpk_\w{6,}|\b(Bearer|Klaviyo-API-Key)\s", re.IGNORECASE)
_URL_WITH_PASSWORD: Final = re.compile(r"://\S*:\S*@|[?&]password=", re.IGNORECASE)
_WHY: Final = (
    "Spark shows it in plans, event logs and on its pages. Give references instead, which workers "
    'follow: accounts={"shop-1": "env:SHOP_1_KEY"}, or file:PATH, or module:function. A key that '
    "was given has been seen: replace it at Klaviyo"
)


def refuse_secrets(options: Mapping[str, str]) -> None:
    """Raises ConfigurationError, without the value, for an option that looks like a key."""
    for name, value in options.items():
        if _plain(name) in _NAMES or _KEY.search(value):
            raise ConfigurationError(f"the option {name!r} looks like a key. {_WHY}")
        if _URL_WITH_PASSWORD.search(value):
            raise ConfigurationError(
                f"the option {name!r} has a password in its URL, and Spark shows options: put the "
                f"URL into the environment of driver and workers, and say {name}=env:NAME"
            )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def located(text: str) -> str:
    """The URL that a text is, or that the environment has under `env:NAME`."""
    kind, _, name = text.partition(":")
    return text_in_environment(name) if kind == "env" else text


def known_here(text: str) -> bool:
    """Whether the text can be looked at without the environment of another machine."""
    kind, _, name = text.partition(":")
    return kind != "env" or name in os.environ
