"""The command `send`."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from klaviyo_bulk_events.cli import options as shared
from klaviyo_bulk_events.cli.durations import duration
from klaviyo_bulk_events.cli.grouped import GroupedCommand, grouped

_delivery = grouped("Delivery")
_output = grouped("Output")


@click.command(cls=GroupedCommand)
@shared.sources
@shared.flows
@shared.records
@shared.columns
@_delivery(
    "--api-key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file that holds the private key, which else is taken from KLAVIYO_API_KEY.",
)
@_delivery(
    "--base-url", metavar="URL", help="Where Klaviyo is; else KLAVIYO_BASE_URL, else its own."
)
@_delivery(
    "--account",
    metavar="NAME",
    help="What --limiter and --journal know the account by; else a hash of the key. Two keys of "
    "one account share its limits under one name.",
)
@_delivery(
    "--accounts",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Send each record to its own account. A TOML file of names with credentials by reference: "
    'shop-1 = "env:SHOP_1_KEY", "file:PATH", or "module:function", which is called with the name '
    "and yields an access token; the module is installed, in PYTHONPATH, or beside the file. What "
    "is under way after Ctrl-C then has --timeout.",
)
@shared.account_column
@shared.rates
@_delivery(
    "--limiter",
    metavar="URL",
    default="memory:",
    show_default=True,
    help="Who shares the rates: nobody, the processes of a host (sqlite:///PATH, from the root "
    "sqlite:////PATH), or those of many hosts (redis://HOST, rediss://HOST).",
)
@_delivery(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="The most that one attempt may take.",
)
@_delivery(
    "--deadline",
    type=click.FloatRange(0, min_open=True),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a request is tried for. One that isn't settled by then ends the run.",
)
@_delivery(
    "--wait-for-outage",
    type=duration,
    metavar="TIME",
    help="Try for so long instead, like 90s, 15m or 6h, and go on once Klaviyo is back.",
)
@_delivery(
    "--max-in-flight",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    metavar="N",
    help="How many requests may be under way at once; with --accounts for each of them, 3 if not "
    "given.",
)
@_delivery(
    "--narrowing-budget",
    type=click.IntRange(0),
    default=32,
    show_default=True,
    metavar="N",
    help="How many more requests may go into finding the events for which Klaviyo refused one. "
    "What it leaves unresolved is rejected as refused_together.",
)
@_delivery(
    "--grace",
    type=click.FloatRange(0),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="How long what is under way may take after Ctrl-C or SIGTERM.",
)
@_delivery("--allow-plain-http", is_flag=True, help="Allow a base URL without TLS.")
@_delivery(
    "--journal",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep on disk what was read and sent, so that the same command again goes on where this "
    "one ended, however it ended. What was piped in or selected is kept, and not read again: once "
    "all is sent, more needs another journal. It holds personal data: only you may read it.",
)
@shared.rejects
@shared.report
@_output("--yes", is_flag=True, help="Don't ask on a terminal.")
@_output("--quiet", is_flag=True, help="Show no progress.")
@_output("--verbose", is_flag=True, help="Show waits, retries, pauses and answers.")
@click.pass_context
def send(ctx: click.Context, /, **options: Any) -> None:
    r"""Deliver events and report what became of every one.

    A SOURCE is a file of JSON lines (.jsonl, .ndjson), CSV or Parquet; text also compressed (.gz,
    .zst); - is standard input. A broken line is one rejected record, not the end of the run.

    Examples:
    A shop's history, of which no flow may fire:
      klaviyo-bulk-events send orders.csv.gz --backfill --metric 'Placed Order' \
        --timezone Europe/London --map 'Email=profile.email' \
        --map 'Order Total=value' --unique-id-from 'Order No' --rest-as-properties

    New events, which may e-mail customers:
      klaviyo-bulk-events send today.jsonl --trigger-flows --rejects rejects.jsonl

    A long import that may be interrupted: the same command again goes on with it
      klaviyo-bulk-events send orders.jsonl --backfill --journal orders.db

    With a page that says what became of everything:
      klaviyo-bulk-events send orders.jsonl --backfill --report orders.html

    Beside an application that sends for the same account:
      klaviyo-bulk-events send orders.jsonl --backfill --share 0.8 \
        --limiter redis://redis.internal

    Records of many shops, each to its account:
      klaviyo-bulk-events send all.jsonl --backfill --accounts accounts.toml --account-column shop

    Once the rejects are mended:
      klaviyo-bulk-events send rejects.jsonl --trigger-flows

    Out of a database:
      klaviyo-bulk-events send --backfill --attach shop.duckdb --sql "select
        'Placed Order' as metric, email as \"profile.email\", placed_at as time,
        total as value, {'items': items} as properties from shop.orders"

    A line of JSON, and a CSV header:
      {"metric": "Placed Order", "profile": {"email": "ada@shop.org"},
       "time": "2026-11-08T09:30:00Z", "value": 19.9, "properties": {"sku": "A1"}}
      metric,profile.email,time,value,properties.sku

    """
    if options["accounts"] is not None:
        from klaviyo_bulk_events.cli.sending_accounts import send_to_accounts

        options["account_column"] = options["account_column"] or "account"
        if ctx.get_parameter_source("max_in_flight") is ParameterSource.DEFAULT:
            options["max_in_flight"] = 3
        ctx.exit(send_to_accounts(options))
    if options["account_column"] is not None:
        raise click.UsageError("--account-column is for --accounts")
    from klaviyo_bulk_events.cli.sending import send_all

    ctx.exit(send_all(options))
