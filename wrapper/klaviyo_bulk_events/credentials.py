"""What proves to Klaviyo who sends, kept out of every text that somebody may see."""

import hashlib
import inspect
import os
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias, final

from klaviyo_bulk_events import forks
from klaviyo_bulk_events.errors import ConfigurationError

if TYPE_CHECKING:
    import asyncio

TokenSource: TypeAlias = Callable[[], str] | Callable[[], Awaitable[str]]
"""Yields an OAuth access token that is good now."""


class Credential(Protocol):
    """Proves who sends."""

    @property
    def account(self) -> str | None:
        """What the account is called if nobody names it; nobody can tell the key from it."""

    def check(self) -> None:
        """Raises ConfigurationError for what can be no proof."""

    def check_blocking(self) -> None:
        """Raises ConfigurationError for what only an event loop can ask."""

    def authorization(self) -> str:
        """The header's value."""

    def renew(self, since: float) -> bool:
        """Whether there is another proof than at that moment of the monotonic clock."""

    async def authorization_async(self) -> str:
        """The same for an event loop."""

    async def renew_async(self, since: float) -> bool:
        """The same for an event loop."""


@final
class ApiKey:
    """A private key; the one in KLAVIYO_API_KEY if none is given.

    Some tracebacks show the local variables of every frame: whoever is given a key as text puts it
    in here, and lets go of the text, before anything can fail.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | None) -> None:
        self._text = text if text is not None else os.environ.get("KLAVIYO_API_KEY", "")

    @property
    def account(self) -> str:
        """A hash of the key."""
        return hashlib.blake2b(self._text.encode(), digest_size=16).hexdigest()

    def check(self) -> None:
        """Raises ConfigurationError, without the key in it."""
        if not self._text:
            raise ConfigurationError(
                "there is no API key: set KLAVIYO_API_KEY to a private key of the account"
            )
        if not _is_token(self._text):
            raise ConfigurationError(
                "the API key holds spaces, line breaks or other characters that no key has"
            )

    def check_blocking(self) -> None:
        """A key is there for anybody."""

    def authorization(self) -> str:
        """The header's value."""
        return f"Klaviyo-API-Key {self._text}"

    def renew(self, since: float) -> bool:
        """There is one key and no other."""
        return False

    async def authorization_async(self) -> str:
        """The same for an event loop."""
        return self.authorization()

    async def renew_async(self, since: float) -> bool:
        """There is one key and no other."""
        return False

    def __repr__(self) -> str:
        return "ApiKey(...)"


@final
class AccessToken:
    """An OAuth access token, asked for when it is first needed and again when it is refused.

    In a blocking client `source` has to be a plain function. What it raises counts as no
    connection: the request was not sent, and is tried again.
    """

    account = None

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._token: str | None = None
        self._asked = float("-inf")
        self._async_lock: asyncio.Lock | None = None
        self._renew_lock()
        forks.in_child(self._renew_lock)

    def _renew_lock(self) -> None:
        self._lock = threading.Lock()

    def check(self) -> None:
        """Nothing is asked for before it is needed."""

    def check_blocking(self) -> None:
        """Raises ConfigurationError for a coroutine function."""
        if inspect.iscoroutinefunction(self._source):
            raise ConfigurationError(
                "what sends from threads can't wait for a coroutine: give a plain function for the "
                "access token"
            )

    def authorization(self) -> str:
        """The header's value."""
        if self._token is None:
            self.renew(time.monotonic())
        return f"Bearer {self._token}"

    def renew(self, since: float) -> bool:
        """Ask for another token, unless somebody has since then."""
        with self._lock:
            if self._asked < since:
                self._take(self._source())
        return True

    async def authorization_async(self) -> str:
        """The same for an event loop."""
        if self._token is None:
            await self.renew_async(time.monotonic())
        return f"Bearer {self._token}"

    async def renew_async(self, since: float) -> bool:
        """The same for an event loop."""
        import asyncio  # 20 ms, which an event loop has paid

        if self._async_lock is None:
            self._async_lock = asyncio.Lock()
        async with self._async_lock:
            if self._asked < since:
                given = self._source()
                self._take(await given if inspect.isawaitable(given) else given)
        return True

    def _take(self, given: object) -> None:
        # Out of the frame's variables before anything is raised: tracebacks may show those.
        self._token, given = given if isinstance(given, str) else None, None
        if self._token is None or not _is_token(self._token):
            self._token = None
            raise ConfigurationError("what yields access tokens yielded something else")
        self._asked = time.monotonic()

    def __repr__(self) -> str:
        return "AccessToken(...)"


def credential(given: str | TokenSource | None) -> Credential:
    """A key, or what yields access tokens, as a credential."""
    return AccessToken(given) if callable(given) else ApiKey(given)


def _is_token(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
