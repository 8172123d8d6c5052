"""Whether a DataFrame's columns make events, seen on the driver before any task starts."""

import inspect
from collections.abc import Iterator
from typing import Any, Final

import attrs
import pyarrow as pa
from pyspark.sql import types
from pyspark.sql.pandas.types import to_arrow_type

from klaviyo_bulk_events.arrow.rows import Rows
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.sources.fields import is_field, meant_by
from klaviyo_bulk_events.spark.settings import Settings

RESERVED: Final = "__klaviyo_"
"""Names that begin like this are those of columns that are added on the way."""
_IDENTIFIERS: Final = ("email", "phone_number", "external_id", "id")
# What PySpark 4.1 and newer want for times that have a zone.
_ZONE: Final = (
    {"timezone": "UTC"} if "timezone" in inspect.signature(to_arrow_type).parameters else {}
)


def check_columns(schema: Any, settings: Settings) -> None:
    """Raises ConfigurationError for columns that are missing, unknown, or have no JSON form."""
    faults = [*_unknown(schema, settings), *_missing(schema, settings)]
    if faults:
        raise ConfigurationError("\n".join(faults))
    arrow = pa.schema([_as_arrow(field) for field in schema.fields])
    rules = settings.rules
    if settings.account_column is not None:
        beside: Any = (*rules.beside, settings.account_column)
        rules = attrs.evolve(rules, beside=beside)
    Rows([pa.RecordBatch.from_pylist([], arrow)], rules, zoned=settings.zoned)


def _unknown(schema: Any, settings: Settings) -> Iterator[str]:
    known = {settings.account_column, *settings.rules.mapping, *settings.rules.beside}
    for name in schema.names:
        if name.startswith(RESERVED):
            yield f"the column {name!r} has a name that is used on the way: rename it"
        elif name not in known and not is_field(name) and not _is_rest(name, settings):
            meant = meant_by(name)
            yield (
                f"the column {name!r} is no field of an event"
                + (f": did you mean {meant}?" if meant else "")
                + " Rename it, drop it, or take all such columns as properties "
                "(rest_as_properties, the option restAsProperties)"
            )


def _is_rest(name: str, settings: Settings) -> bool:
    return settings.rules.rest_as_properties and not name.startswith("profile.")


def _missing(schema: Any, settings: Settings) -> Iterator[str]:
    names = {*schema.names, *(mapped.field for mapped in settings.rules.mapping.values())}
    rules, intake = settings.rules, settings.intake
    if "metric" not in names and rules.metric is None:
        yield "the column 'metric' is missing: add it, or say the metric of all rows"
    if "time" not in names:
        yield "the column 'time' is missing: without it nobody knows when an event happened"
    if not _identifies(schema, names):
        listed = ", ".join(f"profile.{name}" for name in _IDENTIFIERS)
        yield f"no column says whose events these are: {listed}, or a struct 'profile'"
    if settings.backfill is None and "backfill" not in names:
        yield (
            "the column 'backfill' is missing, and it is left to the rows to say whether they are "
            "history: say backfill=True or False, or add the column"
        )
    if not intake.derive_unique_id and not rules.unique_id_from and "unique_id" not in names:
        yield (
            "the column 'unique_id' is missing: a task that is run again could then neither send "
            "its last request again nor leave it. Add a business key, name the columns that make "
            "one (unique_id_from), or have it derived from what is in the row (derive_unique_id)"
        )
    if settings.account_column is not None and not _has(schema, settings.account_column):
        yield f"the column {settings.account_column!r} is missing, which has the row's account"


def _identifies(schema: Any, names: set[str]) -> bool:
    if any(f"profile.{name}" in names for name in _IDENTIFIERS):
        return True
    if "profile" not in schema.names:
        return False
    kind = schema["profile"].dataType
    return not isinstance(kind, types.StructType) or not set(kind.names).isdisjoint(_IDENTIFIERS)


def _has(schema: Any, name: str) -> bool:
    return name in schema.names or name.partition(".")[0] in schema.names


def _as_arrow(field: Any) -> Any:
    if _has_variant(field.dataType):
        raise ConfigurationError(
            f"the column {field.name!r} holds a variant, which has no type to go by: to_json makes "
            "text of it, and a schema for from_json a struct"
        )
    try:
        return pa.field(field.name, to_arrow_type(field.dataType, **_ZONE))
    except Exception as error:  # whatever PySpark raises for a type that Arrow does not have
        kind = field.dataType.simpleString()
        raise ConfigurationError(
            f"the column {field.name!r} is {kind}, which has no JSON form: cast it"
        ) from error


def _has_variant(kind: Any) -> bool:
    if isinstance(kind, types.StructType):
        return any(_has_variant(field.dataType) for field in kind.fields)
    if isinstance(kind, types.ArrayType):
        return _has_variant(kind.elementType)
    if isinstance(kind, types.MapType):
        return _has_variant(kind.keyType) or _has_variant(kind.valueType)
    return isinstance(kind, types.VariantType)
