"""Where PySpark finds the format "klaviyo": it imports every package called `pyspark_*`.

It does so for every application, so nothing is imported here before the format is used.
"""

from typing import Any

from pyspark.sql.datasource import DataSource


class DefaultSource(DataSource):  # type: ignore[misc]
    """See `klaviyo_bulk_events.spark.data_source`."""

    @classmethod
    def name(cls) -> str:
        """What it is called in `format`."""
        return "klaviyo"

    def writer(self, schema: Any, overwrite: bool) -> Any:
        """See `KlaviyoDataSource`."""
        from klaviyo_bulk_events.spark.data_source import KlaviyoDataSource

        return KlaviyoDataSource(self.options).writer(schema, overwrite)

    def streamWriter(self, schema: Any, overwrite: bool) -> Any:  # noqa: N802 - as Spark calls it
        """See `KlaviyoDataSource`."""
        from klaviyo_bulk_events.spark.data_source import KlaviyoDataSource

        return KlaviyoDataSource(self.options).streamWriter(schema, overwrite)
