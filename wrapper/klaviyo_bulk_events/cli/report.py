"""The command `report`."""

from pathlib import Path

import click

from klaviyo_bulk_events.cli.grouped import TeachingHelp


@click.command(cls=TeachingHelp)
@click.argument("journal", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to; a name that ends in .html makes a page, any other JSON. [default: the "
    "journal's name with .html]",
)
@click.option("--show-values", is_flag=True, help="Leave personal data in it.")
def report(journal: Path, output: Path | None, show_values: bool) -> None:
    r"""Write the report of a journal's run, also while it goes on.

    A page to read and hand on: what became of every event, when, and why not. It is what `send
    --report` writes, of all sessions of the run. The run is not disturbed.

    Examples:
    Beside the journal, as orders.html, and as data:
      klaviyo-bulk-events report orders.db
      klaviyo-bulk-events report orders.db --output orders.json
    """
    from klaviyo_bulk_events.cli.display import say
    from klaviyo_bulk_events.cli.outputs import check_no_journal
    from klaviyo_bulk_events.errors import ConfigurationError
    from klaviyo_bulk_events.run_report.file import check_target, write
    from klaviyo_bulk_events.run_report.of_journal import of_journal

    path = output or journal.with_suffix(".html")
    check_target(path)
    check_no_journal(path, journal)
    document = of_journal(journal, show_values=show_values)
    try:
        write(path, document)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from None
    say(f"Wrote {path}.")
