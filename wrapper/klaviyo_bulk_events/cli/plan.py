"""The command `plan`."""

from typing import Any

import click

from klaviyo_bulk_events.cli import options as shared
from klaviyo_bulk_events.cli.grouped import GroupedCommand, grouped

_source = grouped("Source")


@click.command(cls=GroupedCommand)
@shared.sources
@_source(
    "--events",
    multiple=True,
    metavar="[ACCOUNT=]N",
    help="Instead of sources: so many events, of the account. Repeatable.",
)
@shared.flows
@shared.records
@shared.columns
@shared.account_column
@shared.rates
@click.pass_context
def plan(ctx: click.Context, /, **options: Any) -> None:
    r"""Say how long sending must take at the limits, whatever it is sent with.

    Every account has limits of its own, so the largest account says how long all of them take.
    Reads the sources as `send` does, with the same options, and sends nothing. Needs no key.

    Examples:
    Of files, by account, and of numbers that somebody counted:
      klaviyo-bulk-events plan all.jsonl --account-column shop
      klaviyo-bulk-events plan --events shop-1=500000000 --events shop-2=40000

    """
    from klaviyo_bulk_events.cli.planning import plan_all

    ctx.exit(plan_all(options))
