"""The command `purge`."""

from pathlib import Path

import click

from klaviyo_bulk_events.cli.grouped import TeachingHelp


@click.command(cls=TeachingHelp)
@click.argument("journal", type=click.Path(path_type=Path))
@click.option(
    "--forget",
    metavar="IDENTIFIER",
    help="Take out the events of this profile alone: an email address, a phone number or an id.",
)
def purge(journal: Path, forget: str | None) -> None:
    """Take the personal data out of a journal, and keep its counts, or out of a queue's spool.

    A purged run can't go on. With --forget it can, and sends no more events of that profile: those
    that it has yet to read are rejected as forgotten, without their records. An address is the
    same in either case. A spool may be in use meanwhile; what is put into it later is sent.

    Examples:
    All of it, once the run is over, and one customer who asked for it:
      klaviyo-bulk-events purge orders.db
      klaviyo-bulk-events purge klaviyo.db --forget ada@shop.org

    """
    from klaviyo_bulk_events.journal import purging
    from klaviyo_bulk_events.queueing import inspection as spools

    if spools.is_spool(journal):
        out = spools.purge(journal) if forget is None else spools.forget(journal, forget)
        click.echo(f"{out.events:,} events were taken out of {journal}.")
        if out.under_way:
            click.echo(f"{out.under_way:,} more are in a request that is under way.")
    elif forget is None:
        what = "Nothing but counts" if journal.exists() else "Nothing"
        purging.purge(journal)
        click.echo(f"{what} is left in {journal}.")
    else:
        taken = purging.forget(journal, forget)
        click.echo(f"{taken.events:,} events of that profile were taken out of {journal}.")
        click.echo("Its run sends none that it has yet to read, and tells them as forgotten.")
        if taken.in_doubt:
            click.echo(f"{taken.in_doubt:,} were in flight: Klaviyo may have recorded them.")
