"""Queues: events are taken at once, and sent in the background."""

from klaviyo_bulk_events.queueing.counts import QueueStats
from klaviyo_bulk_events.queueing.queue import EventQueue

__all__ = ["EventQueue", "QueueStats"]
