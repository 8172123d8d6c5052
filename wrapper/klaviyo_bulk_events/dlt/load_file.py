"""A file of a load package: its rows, and the name by which another attempt knows it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen
from pyarrow import parquet

from klaviyo_bulk_events.dlt.variants import joined, variants
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.sources.cells import json
from klaviyo_bulk_events.sources.fields import is_field
from klaviyo_bulk_events.sources.mapping import Mapped
from klaviyo_bulk_events.sources.rules import Rules

_ROWS_AT_ONCE: Final = 1_000


@frozen
class LoadFile:
    """A parquet file of a package that is being loaded, and dlt's schema of its table.

    Raises ConfigurationError for what can't be sent as events, whatever the rows are.
    """

    path: Path
    table: Any = field()

    @table.validator
    def _check(self, _: object, table: Any) -> None:
        if self.path.suffix != ".parquet":
            raise ConfigurationError(
                "the destination reads parquet: leave loader_file_format and batch_size alone"
            )
        disposition = table.get("write_disposition", "append")
        if disposition != "append":
            raise ConfigurationError(
                f"the table {table['name']!r} is to be loaded by {disposition!r}, and events can "
                "only be added: write_disposition='append'"
            )

    @property
    def package(self) -> Path:
        """The folder of the load package; its name is the load id."""
        return self.path.parent.parent

    @property
    def pipeline(self) -> Path:
        """The pipeline's working folder, which has packages of all loads in it."""
        return self.package.parents[2]

    @property
    def name(self) -> str:
        """The load id, the table and the file's own id: the same in every attempt."""
        table, file_id, *_ = self.path.name.rsplit(".", 3)
        return f"{self.package.name}.{table}.{file_id}"

    def rules(self, intake: Intake) -> Rules:
        """How columns become fields: what dlt keeps as JSON is JSON text in the file."""
        names = parquet.read_schema(self.path).names
        texts = [name for name in names if self._columns.get(name, {}).get("data_type") == "json"]
        mixed = variants(self._columns)
        mapping = {}
        for name in {*mixed, *(text for text in texts if text not in _all(mixed))}:
            if is_field(name):
                mapping[name] = Mapped(name, json)
            elif intake.rest_as_properties:
                mapping[name] = Mapped(f"properties.{name}", json)
        return Rules(mapping=mapping, rest_as_properties=intake.rest_as_properties)

    def batches(self) -> Iterator[Any]:
        """The rows in their order, without the columns that are dlt's own."""
        mixed = variants(self._columns)
        with parquet.ParquetFile(self.path) as file:
            names = [name for name in file.schema_arrow.names if name in self._columns]
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                yield joined(batch.select(names), mixed, self._columns)

    @property
    def _columns(self) -> dict[str, Any]:
        columns: dict[str, Any] = self.table["columns"]
        return columns


def _all(mixed: dict[str, list[str]]) -> set[str]:
    return {name for names in mixed.values() for name in names}
