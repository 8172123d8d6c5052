"""The command `demo`."""

import click

from klaviyo_bulk_events.cli.grouped import GroupedCommand


@click.command(cls=GroupedCommand)
@click.pass_context
def demo(ctx: click.Context, /) -> None:
    """Send 20,000 made-up shop events to an emulator on this machine, and show the report.

    Needs no account and no network. Some of the events have no identifier, some repeat the one
    before, and the emulator fails now and then, so that there is something to see.

    Examples:
    Watch it:
      klaviyo-bulk-events demo

    """
    from klaviyo_bulk_events.cli.demonstrating import demonstrate

    ctx.exit(demonstrate())
