"""The rows of a SELECT, and of Parquet files."""

import glob
import itertools
from collections.abc import Iterator, Sequence

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.sources.database import Database, QueryError, Result
from klaviyo_bulk_events.sources.rules import Rules
from klaviyo_bulk_events.sources.table import Table


class RowsSource:
    """The rows of a result. `count` is how many there are, if that is known.

    Raises ConfigurationError if the query fails before its first row.
    """

    def __init__(self, result: Result, name: str, rules: Rules, count: int | None = None) -> None:
        self.name = name
        self._table = Table(name, result.columns, rules, result.own)
        self._count = count
        self._read = 0
        try:
            first = list(itertools.islice(result.rows, 1))
        except QueryError as error:
            raise ConfigurationError(f"the SQL can't be run: {error}") from None
        self._rows = itertools.chain(first, result.rows)

    def __iter__(self) -> Iterator[Sourced]:
        try:
            for row in self._rows:
                self._read += 1
                yield self._table.sourced(row, f"{self.name}:{self._read}")
        except QueryError as error:
            message = f"the query failed after {self._read} rows; what follows is lost: {error}"
            problem = Problem("", "source_broken_off", message)
            yield Sourced({}, f"{self.name}:{self._read + 1}", problem)

    def share(self) -> float | None:
        """How much was read, 0 to 1; None where the size isn't known."""
        return self._read / self._count if self._count else None


def query_source(
    query: str, rules: Rules, *, timezone: str | None = None, attach: Sequence[str] = ()
) -> RowsSource:
    """The rows of a single SELECT."""
    return RowsSource(Database(timezone, attach).select(query), "sql", rules)


def parquet_source(path: str, rules: Rules, *, timezone: str | None = None) -> RowsSource:
    """The rows of a Parquet file."""
    result, count = Database(timezone).parquet(glob.escape(path))
    return RowsSource(result, path, rules, count)
