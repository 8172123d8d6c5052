"""Whether all rows of a partition have come.

Where what makes the rows fails in the middle of a task, Spark ends the stream of batches as if they
were all, and closes its connection; where they are all, it says so on the connection. PySpark looks
there only once the writer has returned. By then a last request, cut too short, would be sent, and
the next attempt would cut it elsewhere.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from klaviyo_bulk_events.errors import KlaviyoBulkEventsError


def whole(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches; raises KlaviyoBulkEventsError after them if more should have come.

    Called on the thread on which PySpark called the writer; the batches may be read on another.
    """
    return _whole(batches, _connection())


def _whole(batches: Iterable[Any], connection: Any) -> Iterator[Any]:
    yield from batches
    if connection is not None and not connection.peek(1):
        raise KlaviyoBulkEventsError("not all rows have come: what makes them has failed")


def _connection() -> Any:
    """What PySpark's worker reads from; None where it can't be found, or looked into."""
    frame = sys._getframe()
    while frame is not None:
        found = frame.f_locals.get("infile") if frame.f_code.co_name == "main" else None
        if hasattr(found, "peek"):
            return found
        frame = frame.f_back  # type: ignore[assignment]
    return None
