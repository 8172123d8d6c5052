"""For `writeStream.foreachBatch`: every batch of a stream as a write of its own."""

from collections.abc import Callable
from typing import Any

from klaviyo_bulk_events.errors import KlaviyoBulkEventsError
from klaviyo_bulk_events.spark.reports import SparkReport
from klaviyo_bulk_events.spark.writing import write


def each_batch(
    *, run: str, on_report: Callable[[int, SparkReport], None] | None = None, **settings: Any
) -> Callable[[Any, int], None]:
    """A function for `foreachBatch`; the arguments are those of `write`.

    A batch that Spark runs again has the same name, `run` and its number. A batch of which
    something is unsent or unknown raises, so that the stream stops and it is run again.
    """

    def send(df: Any, batch: int) -> None:
        report = write(df, run=f"{run}/{batch}", **settings)
        if on_report is not None:
            on_report(batch, report)
        if left := report.unsent + report.unknown:
            raise KlaviyoBulkEventsError(
                f"{left:,} events of the batch {batch} are unsent or unknown "
                f"({report.stopped or 'no answer settled them'}): start the stream again"
            )

    return send
