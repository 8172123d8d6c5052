"""Queues: events are taken at once, and sent in the background."""

from klaviyo_bulk_events.queueing.async_queue import AsyncEventQueue
from klaviyo_bulk_events.queueing.counts import QueueStats
from klaviyo_bulk_events.queueing.queue import EventQueue

__all__ = ["AsyncEventQueue", "EventQueue", "QueueStats"]
