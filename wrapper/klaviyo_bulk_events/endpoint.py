"""Where requests go and what they carry besides their body; how what comes back is read."""

import hashlib
import ipaddress
import os
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
from attrs import field, frozen

from klaviyo_bulk_events.answers import NoAnswer, Reply, read_answer
from klaviyo_bulk_events.credentials import Credential
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.limiter import UNUSED_AFTER
from klaviyo_bulk_events.limits import SERVER
from klaviyo_bulk_events.version import __version__
from klaviyo_bulk_events_api import parts

CONNECT_SECONDS: Final = 10.0
LONGEST_ANSWER: Final = 1_000_000
"""Bytes of an answer that are read; no error document is that long."""

_USER_AGENT: Final = f"klaviyo-bulk-events/{__version__} python-httpx/{httpx.__version__}"
_NOT_WRITTEN: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@frozen
class Endpoint:
    """The URL and the headers of every request, and who sends. Its repr holds no key.

    `account` names the account to all who share something of it; None as long as nobody can tell.
    """

    url: str
    method: str
    account: str | None
    credential: Credential = field(repr=False)
    _headers: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(
        cls,
        credential: Credential,
        base_url: str | None,
        *,
        account: str | None = None,
        allow_plain_http: bool = False,
    ) -> "Endpoint":
        """Take the URL from KLAVIYO_BASE_URL if it is not given.

        Raises ConfigurationError, without the key in it.
        """
        base = base_url or os.environ.get("KLAVIYO_BASE_URL") or SERVER
        _check_url(base, allow_plain_http)
        credential.check()
        return cls(
            url=base.rstrip("/") + parts.PATH,
            method=parts.METHOD,
            account=_named(account) or credential.account,
            credential=credential,
            headers={
                **parts.HEADERS,
                "Accept": "application/vnd.api+json",
                # An answer is short: compressed, it could only be a bomb.
                "Accept-Encoding": "identity",
                "User-Agent": _USER_AGENT,
                # A retired revision must say so rather than change its meaning unseen.
                "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
            },
        )

    def headers(self) -> httpx.Headers:
        """What a request carries; in a repr, httpx hides the authorization."""
        asked = time.monotonic()
        return self._signed(self.credential.authorization(), asked)

    async def headers_async(self) -> httpx.Headers:
        """The same for an event loop."""
        asked = time.monotonic()
        return self._signed(await self.credential.authorization_async(), asked)

    def _signed(self, authorization: str, asked: float) -> httpx.Headers:
        headers = httpx.Headers({**self._headers, "Authorization": authorization})
        del authorization
        # The place at the limiter is none any more: it goes back, and by then the token is there.
        if time.monotonic() - asked > UNUSED_AFTER:
            raise TimeoutError
        return headers

    def salted_account(self, salt: str) -> str | None:
        """A hash of the account's name, with a salt in hexadecimal digits; None without a name."""
        if self.account is None:
            return None
        key = bytes.fromhex(salt)
        return hashlib.blake2b(self.account.encode(), key=key, digest_size=16).hexdigest()

    @property
    def host(self) -> str:
        """The host, and the port if the URL names one."""
        return urlsplit(self.url).netloc

    @property
    def is_plain(self) -> bool:
        """Whether there is no TLS; then it goes past the environment's proxies, too.

        What is meant for this machine would reach a proxy, with the key, in plain text.
        """
        return self.url.startswith("http:")

    def ssl_context(self) -> ssl.SSLContext | bool:
        """What verifies the server; loading the certificates takes time that plain HTTP saves."""
        return False if self.is_plain else httpx.create_ssl_context()


def _named(account: str | None) -> str | None:
    if account is None or (isinstance(account, str) and account.isprintable() and account):
        return account
    raise ConfigurationError("account is the account's name, a text of printable characters")


def _check_url(base: str, allow_plain_http: bool) -> None:
    try:
        url = httpx.URL(base)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.query:
        raise ConfigurationError(f"the base URL must look like {SERVER}, without a user or a query")
    if url.port is not None and not 0 < url.port < 65_536:
        raise ConfigurationError(f"the base URL has the port {url.port}: there are 1 to 65535")
    if url.scheme == "http" and not allow_plain_http and not _is_loopback(url.host):
        raise ConfigurationError(
            "a base URL without TLS would show the key and the events to the network: "
            "use https, or allow_plain_http (--allow-plain-http) if that is meant"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class Received:
    """Collects a response; an answer once it is complete."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._body = bytearray()

    def take(self, part: bytes) -> bool:
        """Take a part of the body; false when it has become longer than any answer is."""
        self._body += part
        return len(self._body) <= LONGEST_ANSWER

    def reply(self) -> Reply:
        """The reply, once all of the body was taken."""
        if len(self._body) > LONGEST_ANSWER:
            return NoAnswer("the answer did not end", written=True)
        response = self._response
        return read_answer(
            response.status_code, response.headers, bytes(self._body), datetime.now(UTC)
        )


def no_token(error: Exception) -> NoAnswer:
    """What it says of a request that there was no access token for it."""
    return NoAnswer(f"no access token: {type(error).__name__}", written=False)


def no_answer(error: Exception) -> NoAnswer:
    """What an attempt that ended in this error says of the request."""
    written = not isinstance(error, _NOT_WRITTEN)
    return NoAnswer(type(error).__name__, written=written)
