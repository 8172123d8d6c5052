"""How many rows each account has, by one pass over the DataFrame."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen
from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it
from pyspark.sql import types

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.spark.settings import Settings

_ACCOUNT: Final = "account"


@frozen
class Counts:
    """Rows by account, and how many of them have no `unique_id`. The name of nobody is empty."""

    rows: Mapping[str, int]
    without_id: int


def counted(df: Any, settings: Settings) -> Counts:
    """Count the rows. This runs a job."""
    keyed = df.select(
        account_of(df, settings).alias(_ACCOUNT), _lacks_id(df, settings).alias("lacks")
    )
    found = keyed.groupBy(_ACCOUNT).agg(
        F.count(F.lit(1)).alias("rows"), F.sum(F.col("lacks").cast("long")).alias("lacking")
    )
    rows: dict[str, int] = {}
    lacking = 0
    for row in found.collect():
        name = row["account"] or ""
        rows[name] = rows.get(name, 0) + row["rows"]
        lacking += row["lacking"] or 0
    return Counts(rows, lacking)


def account_of(df: Any, settings: Settings) -> Any:
    """The column of a row's account, as text."""
    name = settings.account_column
    if name is None:
        (only,) = settings.accounts
        return F.lit(only)
    column = named(name) if name in df.columns else F.col(name)
    kind = df.select(column).schema[0].dataType
    if not isinstance(kind, types.StringType | types.IntegralType):
        raise ConfigurationError(
            f"the column {name!r} has accounts, so it is text or whole numbers, not "
            f"{kind.simpleString()}"
        )
    return column.cast("string")


def named(name: str) -> Any:
    """The column of this very name, whatever dots it has."""
    return F.col("`" + name.replace("`", "``") + "`")


def _lacks_id(df: Any, settings: Settings) -> Any:
    derived = settings.intake.derive_unique_id or settings.rules.unique_id_from
    mapped = (name for name, to in settings.rules.mapping.items() if to.field == "unique_id")
    column = next(mapped, "unique_id")
    if derived or column not in df.columns:
        return F.lit(0)
    return named(column).isNull()
