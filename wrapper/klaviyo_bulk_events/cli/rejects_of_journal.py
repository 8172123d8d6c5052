"""The command `rejects`."""

import sys
from pathlib import Path

import click

from klaviyo_bulk_events.cli.grouped import TeachingHelp


@click.command("rejects", cls=TeachingHelp)
@click.argument("journal", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path), required=False)
def rejects(journal: Path, file: Path | None) -> None:
    """Write the rejects of a journal's run, all of its sessions, again.

    To FILE, which only you may read, or to standard output. Of what was there before only rejects
    are overwritten.

    Examples:
    To mend and send:
      klaviyo-bulk-events rejects orders.db to-mend.jsonl
      klaviyo-bulk-events send to-mend.jsonl --backfill

    """
    from klaviyo_bulk_events.cli.outputs import check_no_journal
    from klaviyo_bulk_events.cli.rejects import check_rejects, open_private
    from klaviyo_bulk_events.journal.inspection import lines

    if file is not None:
        check_no_journal(file, journal)
        check_rejects(file)
    content = lines(journal)
    if file is None:
        sys.stdout.buffer.writelines(content)
        sys.stdout.buffer.flush()
        return
    first = next(content, b"")
    with open_private(file) as output:
        output.write(first)
        output.writelines(content)
