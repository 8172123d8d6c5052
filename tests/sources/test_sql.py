"""SQL and Parquet."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.sources import Rules, open_files, query_source
from klaviyo_bulk_events.sources.database import QueryError, Result
from klaviyo_bulk_events.sources.sql import RowsSource

from .conftest import codes


def select(query: str, *, attach: Any = (), timezone: str | None = None) -> list[Sourced]:
    rules = Rules(rest_as_properties=True)
    return list(query_source(query, rules, attach=attach, timezone=timezone))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1.50::decimal(10, 2)", Decimal("1.50")),
        ("date '2026-01-02'", date(2026, 1, 2)),
        ("timestamp '2026-01-02 03:04:05'", datetime(2026, 1, 2, 3, 4, 5)),
        ("timestamptz '2026-01-02 03:04:05+02'", "2026-01-02 01:04:05+00"),
        ("[timestamptz '2026-01-02 03:04:05+02']", ["2026-01-02 01:04:05+00"]),
        ("{'a': 1, 'b': null, 'c': [1, null]}", {"a": 1, "c": [1, None]}),
        ("map {'a': 1}", {"a": 1}),
        ("""'{"a": [1]}'::json""", {"a": [1]}),
        ("'00123'", "00123"),
        ("true", True),
    ],
)
def test_values(expression: str, value: Any) -> None:
    """Types come as Python has them; structs, maps and JSON nested; zoned times as text."""
    (item,) = select(f"select {expression} as x, 'Sold' as metric; -- that's all")
    assert item.record == {"metric": "Sold", "properties": {"x": value}}


def test_null_is_not_given() -> None:
    """NULL leaves no trace."""
    (item,) = select("select null as value, 'Sold' as metric")
    assert item.record == {"metric": "Sold"}


def test_origins_count_rows() -> None:
    """A row is named by its number."""
    assert [item.origin for item in select("from range(3)")] == ["sql:1", "sql:2", "sql:3"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "0 statements"),
        ("select 1; select 2", "2 statements"),
        ("copy (select 1) to 'OUT'", "not COPY"),
        ("attach 'OUT'", "not ATTACH"),
        ("install httpfs", "a single SELECT"),
        ("load httpfs", "a single SELECT"),
        ("create table t as select 1", "not CREATE"),
        ("set lock_configuration = false", "not SET"),
        ("prepare x as copy (select 1) to 'OUT'", "not PREPARE"),
        ("export database 'OUT'", "not EXPORT"),
        ("call enable_logging()", "not CALL"),
        ("use memory", "not SET"),
        ("explain analyze select 1", "not EXPLAIN"),
        ("from (copy (select 1) to 'OUT')", "syntax error"),
        ("from query('copy (select 1) to ''OUT'' ')", "SELECT"),
        ("from enable_logging(storage_path := 'OUT')", "run"),
        ("from enable_profiling(save_location := 'OUT')", "run"),
        ("select getenv('KLAVIYO_API_KEY')", "getenv"),
        ("with x as (insert into y values (1) returning *) from x", "SQL"),
        ("selec 1", "syntax error"),
        ("select * from nothing", "nothing does not exist"),
        ("select * from read_csv('nothing.csv')", "No files found"),
        ("select * from 'https://localhost:1/a.csv'", "file"),
        ("select error('no luck')", "no luck"),
    ],
)
def test_a_query_that_is_refused(tmp_path: Path, query: str, words: str) -> None:
    """Only a single SELECT runs, and what fails is said in one line."""
    out = tmp_path / "out"
    with pytest.raises(ConfigurationError) as error:
        select(query.replace("OUT", str(out)))
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert not out.exists()


def test_an_error_does_not_quote_data() -> None:
    """A value that can't be converted is not shown: it may be somebody's address."""
    with pytest.raises(ConfigurationError) as error:
        select("select v::int as value from (values ('ada@shop.org')) t(v)")
    assert "ada@shop.org" not in str(error.value)


def test_a_query_that_fails_on_the_way() -> None:
    """The rows before are records, and a rejected one says that the rest is lost."""

    def rows() -> Iterator[tuple[str]]:
        yield from [("Sold",)] * 3
        raise QueryError("no luck")

    items = list(RowsSource(Result(["metric"], {}, rows()), "sql", Rules()))
    assert codes(items) == [None, None, None, "source_broken_off"]
    assert items[-1].origin == "sql:4"
    assert items[-1].problem is not None
    assert "after 3 rows; what follows is lost: no luck" in items[-1].problem.message


def test_an_attached_database_is_read_only(tmp_path: Path) -> None:
    """A database can be read, by its name."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table orders as select 'Sold' as metric")
    (item,) = select("select * from shop.orders", attach=[str(path)])
    assert item.record == {"metric": "Sold"}


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    """A missing database is an error, and is not created."""
    with pytest.raises(ConfigurationError, match="does not exist"):
        select("select 1", attach=[str(tmp_path / "none.duckdb")])
    assert not list(tmp_path.iterdir())


def test_zoned_times_are_made_in_the_zone_given() -> None:
    """What SQL itself makes of naive times is in the zone of the command line."""
    query = "select timestamp '2026-07-01 12:00:00'::timestamptz as time"
    (item,) = select(query, timezone="Europe/London")
    assert datetime.fromisoformat(item.record["time"]).isoformat() == "2026-07-01T12:00:00+01:00"


def test_two_columns_of_one_name_are_refused() -> None:
    """Neither of two columns with one name is left out in silence."""
    with pytest.raises(ConfigurationError, match="same name: 'a'"):
        select("select 1 as a, 2 as a")


def test_parquet(tmp_path: Path) -> None:
    """A Parquet file is a table with types, whatever characters its name has."""
    path = tmp_path / "orders [1]*.parquet"
    query = "select 'Sold' as metric, {'sku': 'A' || i} as properties from range(5000) t(i)"
    with duckdb.connect() as connection:
        connection.sql(query).write_parquet(str(path))
    (source,) = open_files([str(path)], Rules())
    items = list(source)
    assert items[0].record == {"metric": "Sold", "properties": {"sku": "A0"}}
    assert items[-1].origin == f"{path}:5000"
    assert source.share() == 1.0


@pytest.mark.parametrize(
    "query",
    [
        "with new as (insert into shop.t values (2) returning *) from new",
        "with gone as (delete from shop.t returning *) from gone",
        "with new as (update shop.t set i = 2 returning *) from new",
        "with new as materialized (insert into shop.t values (2) returning *) select 1",
        "from (insert into shop.t values (2) returning *)",
        "merge into shop.t using range(3) on true when matched then delete",
        "insert into shop.t from range(3)",
        "drop table shop.t",
    ],
)
def test_an_attached_database_stays_as_it_is(tmp_path: Path, query: str) -> None:
    """Nothing writes to it, least of all what calls itself a SELECT."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as shop:
        shop.execute("create table t as select 1 as i")
    before = path.read_bytes()
    with pytest.raises(ConfigurationError):
        select(query, attach=[str(path)])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_pragma_is_refused() -> None:
    """A PRAGMA is no SELECT; where DuckDB can't parse it as a query, it says so itself."""
    with pytest.raises(ConfigurationError, match=r"not PRAGMA|syntax error"):
        select("pragma database_list")


ENVIRONMENT = "/proc/self/environ"
needs_proc = pytest.mark.skipif(not Path(ENVIRONMENT).exists(), reason="there is no /proc")


@needs_proc
@pytest.mark.parametrize(
    "path",
    [
        ENVIRONMENT,
        f"/{ENVIRONMENT}",
        f"file://{ENVIRONMENT}",
        f"/tmp/..{ENVIRONMENT}",
        "/proc/self/../self/environ",
        "/dev/fd/../environ",
        "/proc/self/env*",
        "/pro?/self/environ",
        "/*/self/environ",
        "/**/environ",
        "/sys/kernel/notes",
        "link",
        "li*",
        "folder/environ",
        "relative",
    ],
)
@pytest.mark.parametrize("read", ["read_text", "read_blob", "read_csv", "sniff_csv"])
def test_the_environment_can_not_be_read(
    read: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By no path, pattern or link does a query come to the files that tell of processes."""
    monkeypatch.chdir(tmp_path)
    Path("link").symlink_to(ENVIRONMENT)
    Path("folder").symlink_to("/proc/self")
    if path == "relative":
        path = f"{'../' * len(tmp_path.parts)}{ENVIRONMENT}"
    with pytest.raises(ConfigurationError, match="Cannot access file"):
        select(f"select * from {read}('{path}')")


@needs_proc
def test_one_forbidden_file_among_others_is_enough(tmp_path: Path) -> None:
    """A list of files is read whole or not at all."""
    (tmp_path / "a.csv").write_text("value\n7\n")
    with pytest.raises(ConfigurationError, match="Cannot access file"):
        select(f"from read_text(['{tmp_path}/a.csv', '{ENVIRONMENT}'])")


@pytest.mark.parametrize(
    "path",
    ["a.csv", "./a.csv", "*.csv", "b/../a.csv", "link", "folder/a.csv", "../*/a.csv", "**/[a].csv"],
)
@pytest.mark.parametrize("absolute", [True, False])
def test_a_users_own_files_are_read(
    path: str, absolute: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By paths and patterns of all kinds, from wherever it is called."""
    here = tmp_path / "here"
    (here / "b").mkdir(parents=True)
    monkeypatch.chdir(here)
    Path("a.csv").write_text("value\n7\n")
    Path("link").symlink_to("a.csv")
    Path("folder").symlink_to(here)
    name = str(here / path) if absolute else path
    assert select(f"select value from read_csv('{name}')")[0].record == {"value": 7}
    assert select(f"select value from '{here}/a.csv'")[0].record == {"value": 7}
