"""The command `status`."""

from pathlib import Path

import click

from klaviyo_bulk_events.cli.grouped import TeachingHelp


@click.command(cls=TeachingHelp)
@click.argument("journal", type=click.Path(path_type=Path))
def status(journal: Path) -> None:
    """Say where the run of a journal stands, also while it goes on.

    How much was settled how, what it waits for and until when, and Klaviyo's last answer.
    """
    from klaviyo_bulk_events.cli.standing import told
    from klaviyo_bulk_events.journal.inspection import standing

    click.echo(told(standing(journal)))
