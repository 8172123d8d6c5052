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
    """Take the personal data out of a journal, and keep its counts.

    A purged run can't go on. With --forget it can, without the events of that profile that were
    still to be sent.
    """
    from klaviyo_bulk_events.journal import purging

    if forget is None:
        purging.purge(journal)
        click.echo(f"Nothing but counts is left in {journal}.")
    else:
        count = purging.forget(journal, forget)
        click.echo(f"{count:,} events of that profile were taken out of {journal}.")
