"""The private key of an account, kept out of every text that somebody may see."""

import os
from typing import final

from klaviyo_bulk_events.errors import ConfigurationError


@final
class ApiKey:
    """A private key; the one in KLAVIYO_API_KEY if none is given.

    Some tracebacks show the local variables of every frame: whoever is given a key as text puts it
    in here, and lets go of the text, before anything can fail.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | None) -> None:
        self._text = text if text is not None else os.environ.get("KLAVIYO_API_KEY", "")

    def authorization(self) -> str:
        """The header's value. Raises ConfigurationError, without the key in it."""
        if not self._text:
            raise ConfigurationError(
                "there is no API key: set KLAVIYO_API_KEY to a private key of the account"
            )
        if not self._text.isascii() or not self._text.isprintable() or " " in self._text:
            raise ConfigurationError(
                "the API key holds spaces, line breaks or other characters that no key has"
            )
        return f"Klaviyo-API-Key {self._text}"

    def __repr__(self) -> str:
        return "ApiKey(...)"
