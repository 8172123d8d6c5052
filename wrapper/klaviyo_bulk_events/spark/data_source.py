"""The format "klaviyo" of DataFrame writers, and of stream writers."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pyspark import TaskContext
from pyspark.sql.datasource import (
    DataSource,
    DataSourceArrowWriter,
    DataSourceStreamWriter,
)

from klaviyo_bulk_events.errors import ConfigurationError, KlaviyoBulkEventsError
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.spark.columns import check_columns
from klaviyo_bulk_events.spark.options import settings_from
from klaviyo_bulk_events.spark.ordered_source import Sent
from klaviyo_bulk_events.spark.partition import whole
from klaviyo_bulk_events.spark.settings import Settings
from klaviyo_bulk_events.spark.task import send_rows

_BATCH: Final = "streaming.sql.batchId"
"""Spark's name for the number of a stream's batch, among the properties that a task has."""

_log = logging.getLogger("klaviyo_bulk_events")


class KlaviyoDataSource(DataSource):  # type: ignore[misc]
    """Sends partitions in the order in which their rows come; see docs/spark.md."""

    @classmethod
    def name(cls) -> str:
        """What it is called in `format`."""
        return "klaviyo"

    def writer(self, schema: Any, overwrite: bool) -> "KlaviyoWriter":
        """Made on the driver, before any task starts. Raises ConfigurationError."""
        if overwrite:
            raise ConfigurationError(
                'events can be added to an account and never replaced: mode("append")'
            )
        settings = settings_from(dict(self.options))
        check_columns(schema, settings)
        return KlaviyoWriter(settings)

    def streamWriter(self, schema: Any, overwrite: bool) -> "KlaviyoWriter":  # noqa: N802 - as Spark calls it
        """The same for a stream."""
        if overwrite:
            raise ConfigurationError(
                "a complete result is sent anew with every batch, and events can only be added: "
                'outputMode("append")'
            )
        return self.writer(schema, overwrite)


# Of both kinds at once, for Spark looks at the one for streams and at the other for record batches:
# as rows, times would come without their zone.
class KlaviyoWriter(DataSourceStreamWriter, DataSourceArrowWriter):  # type: ignore[misc]
    """Sends partitions, each under a name of its own in the ledger."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, iterator: Iterable[Any]) -> Sent:
        """Send a partition; runs on a worker. Raises what ends an account's run, too."""
        counts: Counter[str] = Counter()
        why: str | None = None
        for batch in send_rows(
            whole(iterator), self._settings, account=_account(self._settings), run=self._run()
        ):
            statuses = batch.column("status").to_pylist()
            counts.update(statuses)
            if why is None and Status.UNSENT in statuses:
                why = batch.column("message").to_pylist()[statuses.index(Status.UNSENT)]
        if left := counts[Status.UNSENT] + counts[Status.UNKNOWN]:
            # A commit would say that all is done.
            raise KlaviyoBulkEventsError(
                f"{left:,} events of this partition are unsent or unknown"
                + (f" ({why})" if why else "")
                + ": run it again under the same name. Those without a unique_id stay unknown "
                "unless resendUnsafe=true sends them again, and may count them twice"
            )
        return Sent(dict(counts))

    def _run(self) -> str:
        """The name of the partition's rows, the same for every attempt at them."""
        context = TaskContext.get()
        batch = context.getLocalProperty(_BATCH)
        parts = [self._settings.run, *([batch] if batch else []), str(context.partitionId())]
        return "/".join(parts)

    def commit(self, messages: Sequence[Any], batchId: int | None = None) -> None:  # noqa: N803 - as Spark calls it
        """All partitions are settled."""
        total: Counter[str] = Counter()
        for message in messages:
            total.update(message.counts if message is not None else {})
        _log.info("%s: %s", self._settings.run, dict(total))

    def abort(self, messages: Sequence[Any], batchId: int | None = None) -> None:  # noqa: N803 - as Spark calls it
        """What went out is in the ledger, and can't be taken back."""
        _log.warning(
            "%s failed: what was sent is in the ledger; run it again under the same name",
            self._settings.run,
        )


def _account(settings: Settings) -> Any:
    if settings.account_column is not None:
        return settings.account_column
    (only,) = settings.accounts
    return lambda record: only
