"""Columns that make no event, refused on the driver."""

from typing import Any

import pytest
from pyspark.sql import types as t

from klaviyo_bulk_events import ConfigurationError, Intake
from klaviyo_bulk_events.sources import Rules
from klaviyo_bulk_events.spark.columns import check_columns
from klaviyo_bulk_events.spark.settings import Settings

TEXT = t.StringType()
GOOD: dict[str, Any] = {
    "metric": TEXT,
    "time": t.TimestampType(),
    "profile.email": TEXT,
    "unique_id": TEXT,
}


def check(columns: dict[str, Any], **more: Any) -> None:
    """Check the good columns with these; None takes one away."""
    merged = {**GOOD, **columns}
    schema = t.StructType([t.StructField(n, k) for n, k in merged.items() if k is not None])
    settings: dict[str, Any] = {
        "accounts": {"shop": "env:KEY"},
        "account_column": None,
        "backfill": True,
        "run": "r",
        "ledger": "file:/x",
        "intake": Intake(derive_unique_id=False),
        "rules": Rules(),
        "client": {},
    }
    check_columns(schema, Settings(**{**settings, **more}))


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"profile.email": None, "profile": t.StructType([t.StructField("id", TEXT)])},
        {"properties": t.MapType(TEXT, t.ArrayType(t.DecimalType(10, 2)))},
        {"properties.days": t.ArrayType(t.DateType())},
        {"properties.at": t.TimestampType(), "value": t.DoubleType()},
    ],
)
def test_columns_that_make_events(columns: dict[str, Any]) -> None:
    """Dotted or nested, of any type with a JSON form."""
    check(columns)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"metric": None}, "'metric' is missing"),
        ({"time": None}, "'time' is missing"),
        ({"profile.email": None}, "whose events"),
        ({"profile.email": None, "profile": t.StructType([t.StructField("x", TEXT)])}, "whose"),
        ({"unique_id": None}, "derive_unique_id"),
        ({"Email": TEXT}, r"'Email' is no field of an event: did you mean profile.email\?"),
        ({"profile.mail": TEXT}, "'profile.mail' is no field"),
        ({"__klaviyo_row": t.LongType()}, "rename it"),
        ({"properties.v": t.VariantType()}, "variant"),
        ({"properties": t.MapType(TEXT, t.ArrayType(t.VariantType()))}, "variant"),
        ({"properties.n": t.CalendarIntervalType()}, "no JSON form"),
        ({"properties.m": t.MapType(t.LongType(), TEXT)}, "must be text"),
        ({"time": t.TimestampNTZType()}, "timezone"),
    ],
)
def test_columns_that_do_not(columns: dict[str, Any], said: str) -> None:
    """The words name the column and the mend."""
    with pytest.raises(ConfigurationError, match=said):
        check(columns)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Not one by one."""
    with pytest.raises(ConfigurationError) as refused:
        check({"metric": None, "sku": TEXT, "Time": TEXT})
    assert len(str(refused.value).splitlines()) == 3


def test_leave_makes_a_column_needless() -> None:
    """By a rule, by derivation, or by saying it for all."""
    check({"unique_id": None}, intake=Intake())
    check({"unique_id": None}, rules=Rules(unique_id_from=("profile.email",)))
    check({"metric": None}, rules=Rules(metric="Ordered"))
    check({"sku": TEXT}, rules=Rules(rest_as_properties=True))
    check({"shop": TEXT}, account_column="shop")
    check({"backfill": t.BooleanType()}, backfill=None)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"backfill": None}, "'backfill' is missing"), ({"account_column": "shop"}, "'shop'")],
)
def test_what_the_rows_are_to_say(settings: dict[str, Any], said: str) -> None:
    """Needs a column."""
    with pytest.raises(ConfigurationError, match=said):
        check({}, **settings)
