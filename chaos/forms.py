"""Records as lines of the files that hold them."""

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

import orjson

from chaos.plan import Plan

COLUMNS: Final = (
    *("metric", "time", "value", "value_currency", "unique_id", "backfill", "profile.id"),
    *("profile.external_id", "profile.email", "profile.phone_number", "profile.first_name"),
    *("n", "properties.name", "properties.padding"),
)
MAPPING: Final = "n=properties.n:number"


def header(plan: Plan) -> bytes:
    """What stands before the records."""
    return ",".join(COLUMNS).encode() + b"\n" if plan.form == "csv" else b""


def line(fields: Mapping[str, Any]) -> bytes:
    """The fields as a line of JSON."""
    return orjson.dumps(fields)


def row(fields: Mapping[str, Any]) -> bytes:
    """The fields as a row of CSV."""
    profile, properties = fields.get("profile", {}), fields.get("properties", {})
    cells = {
        **fields,
        **{f"profile.{name}": value for name, value in profile.items()},
        **{f"properties.{name}": value for name, value in properties.items()},
        "n": properties.get("n"),
    }
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([cells.get(column) for column in COLUMNS])
    return text.getvalue().encode()
