"""News as server-sent events.

Each listener asks the emulator for what is new whenever it can take it: nothing is queued for one
that doesn't read, which waits in `send` and misses what is no longer kept.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import orjson
from attrs import frozen
from starlette.types import Receive, Scope, Send

from klaviyo_bulk_events.emulator.core import Emulator
from klaviyo_bulk_events.emulator.faults import SUMMARIES
from klaviyo_bulk_events.emulator.hanging_up import outlasts
from klaviyo_bulk_events.emulator.inspector import rows
from klaviyo_bulk_events.emulator.inspector.page import SECURITY
from klaviyo_bulk_events.emulator.news import News
from klaviyo_bulk_events.emulator.pausing import Barrier

_HEADERS: Final = {**SECURITY, "content-type": "text/event-stream"}
# Seconds from one message to the next at least, and at most, so that the page knows of a dead end.
_SHORTEST: Final = 0.2
_LONGEST: Final = 15.0
# How far the plots reach back, in seconds.
_REACH: Final = 300.0


class Bell:
    """Wakes who waits for news, whichever thread it is rung in. Costs next to nothing unheard."""

    def __init__(self) -> None:
        self._sleepers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def ring(self) -> None:
        """Wake everybody."""
        for loop, event in tuple(self._sleepers):
            if not event.is_set():
                with suppress(RuntimeError):  # its loop was closed
                    loop.call_soon_threadsafe(event.set)

    @contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """An event that is set when the bell rings."""
        sleeper = asyncio.get_running_loop(), asyncio.Event()
        self._sleepers.add(sleeper)
        try:
            yield sleeper[1]
        finally:
            self._sleepers.discard(sleeper)


@frozen
class Stream:
    """Tells a listener everything once, and from then on what is new."""

    emulator: Emulator
    barrier: Barrier
    bell: Bell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one listener until it is gone."""
        headers = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await outlasts(receive, self._tell(send))

    async def _tell(self, send: Send) -> None:
        mark, since = None, self.emulator.now() - _REACH
        with self.bell.heard() as rung:
            while True:
                rung.clear()
                news = self.emulator.news(mark, since)
                mark, since = news.mark, self._told_of(news)
                data = b"data: " + orjson.dumps(self._message(news)) + b"\n\n"
                await send({"type": "http.response.body", "body": data, "more_body": True})
                await asyncio.sleep(_SHORTEST)
                # Not `wait_for`, which before Python 3.12 swallows a cancellation that comes in the
                # turn in which the bell rings: the listener is gone, and this would go on for ever.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LONGEST):
                        await rung.wait()

    def _told_of(self, news: News) -> float:
        """Up to when a listener knows the windows: of each account it needs all."""
        return news.now - _REACH if self.emulator.settings.account_per_key else news.now

    def _message(self, news: News) -> dict[str, Any]:
        message = {
            "whole": news.whole,
            "started": news.started,
            "now": news.now,
            "requests": rows.requests(self.emulator, news.requests),
            "seconds": [tuple(second) for second in news.seconds],
            "windows": news.windows,
            "totals": news.totals,
            "faults": news.faults,
            "asked": news.asked,
            **self.barrier.state(),
        }
        return {**message, "about": self._about()} if news.whole else message

    def _about(self) -> dict[str, Any]:
        settings = self.emulator.settings
        return {
            "rates": [
                {"name": str(rate), "limit": rate.limit, "seconds": rate.seconds}
                for rate in settings.rates
            ],
            "keep": settings.keep,
            "faults": SUMMARIES,
            "several": settings.account_per_key,
        }
