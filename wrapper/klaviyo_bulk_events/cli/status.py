"""The command `status`."""

import time
from pathlib import Path

import click

from klaviyo_bulk_events.cli.grouped import TeachingHelp


@click.command(cls=TeachingHelp)
@click.argument("journal", type=click.Path(path_type=Path))
def status(journal: Path) -> None:
    """Say where the run of a journal stands, also while it goes on.

    How much was settled how, what it waits for and until when, and Klaviyo's last answer. Of a
    queue's spool: how many events wait in it, and how old the oldest is.

    Examples:
    Of a run, and of what an application's queue has yet to send:
      klaviyo-bulk-events status orders.db
      klaviyo-bulk-events status /var/lib/shop/klaviyo.db

    """
    from klaviyo_bulk_events.cli import standing
    from klaviyo_bulk_events.journal import inspection
    from klaviyo_bulk_events.queueing import inspection as spools

    if spools.is_spool(journal):
        click.echo(standing.of_spool(spools.standing(journal), time.time()))
    else:
        click.echo(standing.told(inspection.standing(journal)))
