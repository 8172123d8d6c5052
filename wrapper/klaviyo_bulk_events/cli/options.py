"""The options that `send` and `check` share."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from klaviyo_bulk_events.cli.grouped import grouped, together

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_source = grouped("Source")
_flow = grouped("Flows: say which, or have every record say it (backfill)")
_record = grouped("Records")
_column = grouped("Columns of CSV, SQL and Parquet")
_rate = grouped("Delivery")


def _files(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Leave it to the shell to complete files; click would do so for paths alone."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


sources = together(
    click.argument("source", nargs=-1, metavar="[SOURCE]...", shell_complete=_files),
    _source("--sql", metavar="QUERY", help="Take the rows of a single SELECT, run by DuckDB."),
    _source(
        "--attach",
        multiple=True,
        metavar="DATABASE",
        help="A database that --sql reads, a file of DuckDB's or what its installed extensions "
        "open; read only. Repeatable.",
    ),
    _source(
        "--format",
        "form",
        type=click.Choice(("jsonl", "csv", "parquet")),
        help="What the sources are, whatever their names say. Standard input (-) is JSON lines if "
        "it starts with { and CSV otherwise.",
    ),
    _source("--limit", type=click.IntRange(1), metavar="N", help="Take only the first N records."),
)

flows = together(
    _flow("--backfill", is_flag=True, help="The events are history: record them, fire no flows."),
    _flow(
        "--trigger-flows",
        is_flag=True,
        help="The events are new: let them fire flows, which e-mail real customers.",
    ),
)

records = together(
    _record(
        "--metric",
        metavar="NAME",
        help="The metric of every record; one that names another is rejected.",
    ),
    _record(
        "--allow-metric",
        multiple=True,
        metavar="NAME",
        help="Reject every metric but these: a metric can never be deleted. Repeatable.",
    ),
    _record("--timezone", metavar="ZONE", help="The zone of naive times, like Europe/London."),
    _record("--unix-time", is_flag=True, help="Take numbers as times in Unix seconds."),
    _record(
        "--stamp-now",
        is_flag=True,
        help="Give records without a time the present one. A second run gives them another, and "
        "without --unique-id-from they then count again.",
    ),
    _record(
        "--unique-id-from",
        metavar="NAME,...",
        help="Make unique_id of these columns (or fields, dotted), like an order line's number. "
        "Without it, it is derived from all that an event holds.",
    ),
    _record(
        "--window",
        type=click.IntRange(0),
        default=100_000,
        show_default=True,
        metavar="N",
        help="How many of the latest events are remembered to find repeats.",
    ),
    _record("--nulls", is_flag=True, help="Send JSON's null as null, which may clear a field."),
    _record(
        "--no-profile-updates",
        is_flag=True,
        help="Send identifiers alone of each profile: old attributes overwrite newer ones.",
    ),
    _record(
        "--rest-as-properties",
        is_flag=True,
        help="Make columns and JSON keys that are no field properties of the event.",
    ),
)

columns = together(
    _column(
        "--map",
        "mappings",
        multiple=True,
        metavar="COLUMN=FIELD[:TYPE]",
        help="What a column becomes, as text, number, boolean or json: "
        "--map 'Order Total=properties.total:number'. Repeatable.",
    ),
    _column(
        "--map-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The same in a file, TOML or JSON: "
        '"Order Total" = "properties.total:number". --map wins.',
    ),
)

account_column = _rate(
    "--account-column",
    metavar="NAME",
    help="The column or key that names a record's account, dotted if it is a field of the event "
    "(properties.shop). `send --accounts` looks for `account` if none is named.",
)

rates = together(
    _rate(
        "--rate",
        multiple=True,
        metavar="N/UNIT",
        help="Requests at most, like --rate 10/s --rate 150/m, which is the endpoint's own limit.",
    ),
    _rate(
        "--share",
        type=click.FloatRange(0, 1, min_open=True),
        default=1.0,
        show_default=True,
        metavar="PART",
        help="The part of the rates to take at most, like 0.8, to leave room for others.",
    ),
)

_output = grouped("Output")

report = together(
    _output(
        "--report",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write a report: as a page to read and hand on if the name ends in .html, else as "
        "JSON. Of what was there before only a report is overwritten.",
    ),
    _output(
        "--show-values",
        is_flag=True,
        help="Leave personal data in the report, which then only you may read.",
    ),
)

rejects = _output(
    "--rejects",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what was neither accepted nor there already, and why, as JSON lines. Mended, the "
    "file is a source itself. It holds personal data: only you may read it. Of what was there "
    "before only rejects are overwritten.",
)
