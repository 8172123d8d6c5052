"""Carries out the deliveries of a queue, one after the other, in the thread of its sender."""

import random
import sys
import time
from typing import Final

from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.delivery import Delivery
from klaviyo_bulk_events.driver import Driver
from klaviyo_bulk_events.lanes import Lanes
from klaviyo_bulk_events.outcomes import Fate, Settlement, Status
from klaviyo_bulk_events.settings import Settings
from klaviyo_bulk_events.steps import Notice, Watcher
from klaviyo_bulk_events.unsettled import has_safe_key

_FOR_EVER: Final = float("inf")


class Carrier:
    """Delivers chunks without a deadline: an outage costs time, and no event.

    `watch` is called with every notice, too.
    """

    def __init__(self, settings: Settings, lanes: Lanes, watch: Watcher) -> None:
        self._settings = settings
        self._lanes = lanes
        self._watch = watch
        self._driver = Driver(settings.limiter, lanes.post, self._hear, lanes.credential)
        self.is_stopped = False

    def _hear(self, notice: Notice) -> None:
        self._settings.watch(notice)
        self._watch(notice)

    def carry(self, chunk: Chunk) -> Settlement:
        """Deliver a chunk; what is not settled then is to be sent again."""
        settings = self._settings
        delivery = Delivery(
            chunk,
            deadline=_FOR_EVER,
            # What may have been recorded can't be rejected together with others: to know what
            # became of each, all of it is narrowed down.
            budget=sys.maxsize if chunk.in_doubt else settings.narrowing_budget,
            clock=time.monotonic,
            random=random.random,
            watch=self._hear,
            resend_unsafe=settings.resend_unsafe,
        )
        return self._driver.carry(delivery.steps())

    def is_final(self, fate: Fate) -> bool:
        """Whether the events of a fate are settled for good.

        What may have been recorded goes again if the server would notice that it did. Fates of
        unknown events don't mix those with others.
        """
        if fate.status is Status.UNKNOWN:
            safe = self._settings.resend_unsafe or all(map(has_safe_key, fate.events))
            return not safe
        return fate.status is not Status.UNSENT

    def stop(self) -> None:
        """Send nothing more; what is under way may still be answered."""
        self.is_stopped = True
        self._driver.stop()

    def cut(self) -> None:
        """Stop, and wait for no answer."""
        self.stop()
        self._lanes.cut()
