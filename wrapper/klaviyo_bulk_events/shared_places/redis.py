"""Places in Redis, for processes on any host."""

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from klaviyo_bulk_events.answers import Allowance
from klaviyo_bulk_events.errors import ConfigurationError, LimiterError
from klaviyo_bulk_events.places import PlaceLog
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.shared_places.line import HEARTBEAT, SEAT_SECONDS

try:
    import redis
except ImportError:
    raise ConfigurationError(
        "a limiter in Redis needs redis-py: pip install 'klaviyo-bulk-events[redis]'"
    ) from None

_SCRIPT: Final = Path(__file__).with_name("places.lua").read_text()
_TIMEOUT: Final = 5.0
"""Seconds that Redis has to connect, and to answer."""
_OWN_TIME: Final = "time"

_log = logging.getLogger("klaviyo_bulk_events")


class RedisPlaces:
    """See `Places`. Times are those of the server, read inside the script that uses them.

    Servers that refuse TIME in scripts get `?time=command` in the URL: it is then asked for by a
    command of its own, just before, which is late by a round trip and safe.

    A server that comes back without places that this process knows to have been taken grants none
    until they would not count any more: a lease and the longest window.
    """

    waits = True
    heartbeat = HEARTBEAT

    def __init__(
        self,
        url: str,
        account: str,
        rates: Iterable[Rate],
        lease: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            url, self._asks_time = _without_mode(url)
            self._redis = redis.Redis.from_url(
                url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT
            )
        except (ValueError, TypeError):  # whose text may quote the password
            raise ConfigurationError(
                "the limiter's URL can't be read: it is redis://[[USER]:PASSWORD@]HOST[:PORT]/DATABASE,"
                " with ?time=command for servers that refuse TIME in scripts"
            ) from None
        self._where = _where(url)
        self._run_script = self._redis.register_script(_SCRIPT)
        # The braces keep an account's keys together in a cluster.
        self._keys = [
            f"klaviyo-bulk-events:{{{account}}}:{name}"
            for name in ("places", "line", "alive", "pause", "grants")
        ]
        self._lease = lease
        shared = tuple(rates)
        self._rates = [part for rate in shared for part in (rate.limit, rate.seconds)]
        self._counts = lease + max(rate.seconds for rate in shared)
        self._clock = clock
        self._grants, self._heard = 0, clock()

    def ask(self, seat: str) -> float:
        """See `Places`."""
        return float(self._call("ask", seat))

    def leave(self, seat: str) -> None:
        """See `Places`."""
        self._call("leave", seat)

    def answered(self, seat: str, allowance: Allowance | None) -> None:
        """See `Places`."""
        told = (allowance.remaining, allowance.seconds) if allowance is not None else ("", "")
        self._call("answered", seat, *told)

    def unused(self, seat: str) -> None:
        """See `Places`."""
        self._call("unused", seat)

    def pause(self, seconds: float) -> None:
        """See `Places`."""
        self._call("pause", "", seconds)

    def attach(self, log: PlaceLog) -> None:
        """These places outlive the process by themselves."""

    def detach(self, log: PlaceLog) -> None:
        """These places outlive the process by themselves."""

    def close(self) -> None:
        """See `Places`."""
        self._redis.close()

    def after_fork(self) -> None:
        """redis-py opens connections of its own in a child."""

    def _call(self, verb: str, seat: str, first: float | str = "", second: float | str = "") -> Any:
        try:
            now = self._time() if self._asks_time else ""
            known = self._known_grants()
            common = (verb, seat, now, self._lease, SEAT_SECONDS, known, first, second)
            result, grants, lost = self._run_script(self._keys, (*common, *self._rates))
        except redis.RedisError as error:
            # Some of its errors quote what was sent, but none the password.
            kind = type(error).__name__
            raise LimiterError(f"the limiter at {self._where}: {kind}: {error}") from None
        self._grants, self._heard = grants, self._clock()
        if lost:
            _log.warning(
                "the limiter at %s forgot places that were taken: nothing is sent until none of "
                "them counts any more",
                self._where,
            )
        return result

    def _known_grants(self) -> int:
        # The server may forget what no longer counts, and so must who compares with it.
        is_old = self._clock() - self._heard > self._counts
        return 0 if is_old else self._grants

    def _time(self) -> str:
        seconds, microseconds = self._redis.time()
        return f"{seconds}.{microseconds:06}"


def _without_mode(url: str) -> tuple[str, bool]:
    """The URL as redis-py takes it, and whether the time needs a command of its own."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query)
    modes = {value for name, value in query if name == _OWN_TIME}
    if not modes <= {"command"}:
        raise ValueError
    rest = urlencode([(name, value) for name, value in query if name != _OWN_TIME])
    return urlunsplit(parts._replace(query=rest)), bool(modes)


def _where(url: str) -> str:
    """The URL without user, password and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
