"""Sends what `order.ordered` made, by a data source that is made for the one write."""

import pickle
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from attrs import frozen
from pyspark import cloudpickle
from pyspark.sql.datasource import DataSource, DataSourceArrowWriter, WriterCommitMessage

if TYPE_CHECKING:
    from klaviyo_bulk_events.spark.settings import Settings


@frozen
class Sent(WriterCommitMessage):  # type: ignore[misc]
    """How many rows of a partition came to what. What counts is in the ledger."""

    counts: dict[str, int]


class OrderedWriter(DataSourceArrowWriter):  # type: ignore[misc]
    """Sends partitions that are in order. What ends one account's run leaves the others alone.

    Spark starts a Python to make the writer, and another to commit: neither sends, so what a task
    needs is pickled by itself and left alone there, with all the modules it would import.
    """

    def __init__(self, settings: "Settings", sizes: Mapping[str, int]) -> None:
        # As Spark pickles: settings may hold functions that no worker can import.
        self._of_tasks: bytes = cloudpickle.dumps((settings, dict(sizes)))

    def write(self, iterator: Iterable[Any]) -> Sent:
        """Send a partition; runs on a worker."""
        from klaviyo_bulk_events.spark.task import send_ordered

        settings, sizes = pickle.loads(self._of_tasks)  # noqa: S301 - as it came with the writer
        counts: Counter[str] = Counter()
        for batch in send_ordered(iterator, settings, sizes):
            counts.update(batch.column("status").to_pylist())
        return Sent(dict(counts))

    def commit(self, messages: Sequence[Any]) -> None:
        """The report is read from the ledger."""

    def abort(self, messages: Sequence[Any]) -> None:
        """What went out is in the ledger, and can't be taken back."""


_FREE: Final[list[str]] = []
"""Names under which nobody writes now: what is registered stays for the session's life."""


def send_through(df: Any, writer: OrderedWriter) -> None:
    """Run the job. Its settings are in no option, and so in no plan that Spark shows.

    Not `mapInArrow`, for which PySpark wants pandas. The name is the write's own: two threads that
    write at once must not find each other's settings.
    """
    try:
        called = _FREE.pop()  # nobody else gets it
    except IndexError:
        called = f"klaviyo_{uuid4().hex}"

    class Source(DataSource):  # type: ignore[misc]
        @classmethod
        def name(cls) -> str:
            return called

        def writer(self, schema: Any, overwrite: bool) -> OrderedWriter:
            return writer

    try:
        df.sparkSession.dataSource.register(Source)
        df.write.format(called).mode("append").save()
    finally:
        _FREE.append(called)
