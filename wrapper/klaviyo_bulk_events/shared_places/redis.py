"""Places in Redis, for processes on any host."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from klaviyo_bulk_events.answers import Allowance
from klaviyo_bulk_events.errors import ConfigurationError, LimiterError
from klaviyo_bulk_events.limiting import LimiterUrl
from klaviyo_bulk_events.places import PlaceLog
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.shared_places.line import HEARTBEAT, SEAT_SECONDS

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError:
    raise ConfigurationError(
        "a limiter in Redis needs redis-py: pip install 'klaviyo-bulk-events[redis]'"
    ) from None

_SCRIPT: Final = Path(__file__).with_name("places.lua").read_text()
_TIMEOUT: Final = 2.0
"""Seconds that Redis has to connect, and to answer: less than what a lease has to spare."""
_FINAL: Final = (redis.AuthenticationError, redis.ResponseError)
_PASSES: Final = (redis.exceptions.BusyLoadingError, redis.exceptions.ReadOnlyError)
_OWN_TIME: Final = "time"

_log = logging.getLogger("klaviyo_bulk_events")


class RedisPlaces:
    """See `Places`. Times are those of the server, read inside the script that uses them.

    Servers that refuse TIME in scripts get `?time=command` in the URL: it is then asked for by a
    command of its own, just before, which is late by a round trip and safe.

    A server without a place that this process knows to count has lost more, maybe: it grants none
    until nothing of that counts any more, which takes a lease and the longest window.
    """

    waits = True
    heartbeat = HEARTBEAT

    def __init__(
        self,
        url: LimiterUrl,
        account: str,
        rates: Iterable[Rate],
        lease: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        client = _client(url)
        if client is None:
            raise ConfigurationError(
                "the limiter's URL can't be read: it is "
                "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], with what of a password has a "
                "meaning in URLs as %XX, and ?time=command for servers that refuse TIME in scripts"
            )
        self._redis, self._asks_time = client
        self._where = _where(self._redis)
        self._run_script = self._redis.register_script(_SCRIPT)
        names = ("places", "line", "alive", "limits", "pause")
        self._keys = [f"klaviyo-bulk-events:{account}:{name}" for name in names]
        shared = tuple(rates)
        self._lease = lease
        self._rates = [part for rate in shared for part in (rate.limit, rate.seconds)]
        self._longest = max(rate.seconds for rate in shared)
        self._clock = clock
        # The seats of this process that the server must know of, and when they were granted.
        self._known: dict[str, float] = {}
        self._lock = threading.Lock()

    def ask(self, seat: str) -> float:
        """See `Places`."""
        wait = float(self._call("ask", seat))
        if wait == 0.0:
            with self._lock:
                self._known[seat] = self._clock()
        return wait

    def leave(self, seat: str) -> None:
        """See `Places`."""
        self._call("leave", seat)

    def answered(self, seat: str, allowance: Allowance | None) -> None:
        """See `Places`."""
        told = ("", "", "") if allowance is None else allowance
        self._call("answered", seat, *told)

    def unused(self, seat: str) -> None:
        """See `Places`."""
        with self._lock:
            self._known.pop(seat, None)
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
        self._lock = threading.Lock()
        self._known = {}

    def _call(self, verb: str, seat: str, *more: float | str) -> Any:
        told = (*more, "", "", "")[:3]
        try:
            now = self._time() if self._asks_time else ""
            common = (verb, seat, now, self._lease, SEAT_SECONDS, self._last_known(), *told)
            result, lost = self._run_script(self._keys, (*common, *self._rates))
        except redis.RedisError as error:
            is_final = isinstance(error, _FINAL) and not isinstance(error, _PASSES)
            message = f"the limiter at {self._where}: {type(error).__name__}: {error}"
            raise LimiterError(message, is_final=is_final) from None
        if lost:
            with self._lock:
                self._known.clear()
            _log.warning(
                "the limiter at %s forgot places that were taken: nothing is sent until none of "
                "them counts any more",
                self._where,
            )
        return result

    def _last_known(self) -> str:
        """The seat that was granted last, as long as it counts for certain."""
        since = self._clock() - self._longest
        with self._lock:
            self._known = {seat: at for seat, at in self._known.items() if at >= since}
            return next(reversed(self._known), "")

    def _time(self) -> str:
        seconds, microseconds = self._redis.time()
        return f"{seconds}.{microseconds:06}"


def _client(url: LimiterUrl) -> tuple[redis.Redis, bool] | None:
    """A client for the URL, and whether the time needs a command; None if there is no reading it.

    Nothing is raised: the variables on the way hold the password.
    """
    with suppress(ValueError, TypeError):
        parts = urlsplit(url.text)
        query = parse_qsl(parts.query)
        modes = {value for name, value in query if name == _OWN_TIME}
        if modes <= {"command"} and "@" not in parts.path:
            rest = urlencode([(name, value) for name, value in query if name != _OWN_TIME])
            client = redis.Redis.from_url(
                urlunsplit(parts._replace(query=rest)),
                socket_timeout=_TIMEOUT,
                socket_connect_timeout=_TIMEOUT,
                # An attempt that comes late would be one more request under an old grant.
                retry=Retry(NoBackoff(), 0),
            )
            return client, bool(modes)
    return None


def _where(client: redis.Redis) -> str:
    """Where the server is, without user and password."""
    given = client.connection_pool.connection_kwargs
    where = given.get("path") or f"{given.get('host')}:{given.get('port')}"
    return f"{where}/{given.get('db', 0)}"
