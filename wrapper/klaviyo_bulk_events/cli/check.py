"""The command `check`."""

from typing import Any

import click

from klaviyo_bulk_events.cli import options as shared
from klaviyo_bulk_events.cli.grouped import GroupedCommand


@click.command(cls=GroupedCommand)
@shared.sources
@shared.flows
@shared.records
@shared.columns
@shared.account_column
@shared.rates
@shared.rejects
@shared.report
@click.pass_context
def check(ctx: click.Context, /, **options: Any) -> None:
    r"""Say what `send` would do, without sending anything.

    Reads the sources as `send` does, with the same options, and tells what would be accepted and
    rejected and why, the metrics, an event as it would go out, and how long it would take. Needs
    no key.

    Examples:
    Of a file, and to mend it first:
      klaviyo-bulk-events check orders.jsonl --backfill
      klaviyo-bulk-events check orders.csv --backfill --metric 'Placed Order' \
        --map 'Email=profile.email' --rest-as-properties --rejects to-mend.jsonl

    """
    from klaviyo_bulk_events.cli.checking import check_all

    ctx.exit(check_all(options))
