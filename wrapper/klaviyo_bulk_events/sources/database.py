"""DuckDB, for reading only."""

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from attrs import frozen

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.sources.cells import Convert, json

BATCH: Final = 1_000
_SYSTEM: Final = ("/proc", "/sys", "/dev")
_ZONED: Final = "TIMESTAMP WITH TIME ZONE"
_QUOTED_VALUE: Final = re.compile(r"(?:string|value) '.*?'(?= to| for|$)|\"[^\"]*\"", re.DOTALL)


class QueryError(Exception):
    """The query failed while its rows were read; the text says why."""


@frozen
class Result:
    """The rows of a query; `own` says how cells become values, by column."""

    columns: Sequence[str]
    own: dict[str, Convert]
    rows: Iterator[Sequence[Any]]


class Database:
    """A database in memory, in which nothing can be written outside and nothing installed.

    It reads every file but those in which the system tells of itself and of its processes: there
    the environment stands, and the API key in it.

    Raises ConfigurationError, also for a query that can't be read or run.
    """

    def __init__(self, timezone: str | None = None, attach: Sequence[str] = ()) -> None:
        self._duckdb = _imported()
        self._connection = self._duckdb.connect(
            ":memory:", config={"autoinstall_known_extensions": "false"}
        )
        for path in attach:
            self._run(f"ATTACH {_quoted(path)} (READ_ONLY)")
        self._run(f"SET TimeZone = {_quoted(timezone or 'UTC')}")
        self._run("SET autoload_known_extensions = false")
        if os.path.exists("/proc"):
            self._hide_system_files()
        self._run("SET lock_configuration = true")

    def _hide_system_files(self) -> None:
        directories, files = _top_level()
        self._run(f"SET allowed_directories = [{', '.join(map(_quoted, directories))}]")
        self._run(f"SET allowed_paths = [{', '.join(map(_quoted, files))}]")
        self._run("SET enable_external_access = false")

    def select(self, query: str) -> Result:
        """Run a single SELECT."""
        self._check(query)
        # It also refuses what calls itself a SELECT but writes: WITH x AS (INSERT ...).
        described = self._run(f"DESCRIBE {query}").fetchall()
        columns = [row[0] for row in described]
        types = [row[1] for row in described]
        if any(_ZONED in kind for kind in types):
            query = self._with_zoned_as_text(query, types)
        own: dict[str, Convert] = dict.fromkeys(
            (name for name, kind in zip(columns, types, strict=True) if kind == "JSON"), json
        )
        return Result(columns, own, self._batches(self._run(query)))

    def parquet(self, pattern: str) -> tuple[Result, int]:
        """All of a Parquet file, and how many rows it has."""
        source = f"read_parquet({_quoted(pattern)})"
        count = self._run(f"FROM {source} SELECT count(*)").fetchone()
        return self.select(f"FROM {source}"), count[0]

    def _check(self, query: str) -> None:
        try:
            statements = self._connection.extract_statements(query)
        except self._duckdb.Error as error:
            raise ConfigurationError(f"the SQL is wrong: {_sentence(error)}") from None
        if len(statements) != 1:
            raise ConfigurationError(
                f"--sql takes a single SELECT, and here are {len(statements)} statements"
            )
        kind = statements[0].type
        if kind != self._duckdb.StatementType.SELECT:
            raise ConfigurationError(f"--sql takes a single SELECT, not {kind.name}")

    def _with_zoned_as_text(self, query: str, types: Sequence[str]) -> str:
        """A query for the same rows; DuckDB hands out such times only where pytz is installed."""
        names = [f"c{number}" for number in range(len(types))]
        self._run(f"CREATE TEMP VIEW zoned({', '.join(names)}) AS {query}")
        casts = (
            f"CAST({name} AS {kind.replace(_ZONED, 'VARCHAR')})" if _ZONED in kind else name
            for name, kind in zip(names, types, strict=True)
        )
        return f"FROM zoned SELECT {', '.join(casts)}"

    def _batches(self, cursor: Any) -> Iterator[Sequence[Any]]:
        try:
            while rows := cursor.fetchmany(BATCH):
                yield from rows
        except self._duckdb.Error as error:
            raise QueryError(_sentence(error)) from None

    def _run(self, statement: str) -> Any:
        try:
            return self._connection.execute(statement)
        except self._duckdb.Error as error:
            raise ConfigurationError(f"the SQL can't be run: {_sentence(error)}") from None


def _imported() -> Any:
    try:
        import duckdb
    except ImportError:
        raise ConfigurationError(
            "SQL and Parquet need DuckDB: pip install 'klaviyo-bulk-events[sql]'"
        ) from None
    return duckdb


def _top_level() -> tuple[list[str], list[str]]:
    """Directories and files that hold everything but what belongs to the system.

    DuckDB knows what may be read, not what may not; it compares paths without links.
    """
    paths = [os.path.realpath(entry) for entry in os.scandir("/")]
    own = [path for path in paths if not path.startswith(_SYSTEM)]
    directories = [f"{path}/" for path in own if os.path.isdir(path)]
    return [*directories, "/dev/shm/"], [path for path in own if os.path.isfile(path)]  # noqa: S108


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _sentence(error: Exception) -> str:
    """DuckDB's message in one line; what failed to convert is not quoted."""
    message = str(error)
    if message.startswith("Conversion Error"):
        message = _QUOTED_VALUE.sub("a value", message)
    said = message.split("\n\n")[0]
    return " ".join(said.split())
