"""The command `completion`."""

from typing import Final

import click

from klaviyo_bulk_events.cli.grouped import TeachingHelp

_PROGRAM: Final = "klaviyo-bulk-events"
_VARIABLE: Final = "_KLAVIYO_BULK_EVENTS_COMPLETE"


@click.command(cls=TeachingHelp)
@click.argument("shell", type=click.Choice(("bash", "fish", "zsh")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Write the script by which a shell completes commands, options and files.

    Examples:
    Of bash and zsh, in ~/.bashrc or ~/.zshrc:
      eval "$(klaviyo-bulk-events completion bash)"
      eval "$(klaviyo-bulk-events completion zsh)"

    Of fish, once:
      klaviyo-bulk-events completion fish > ~/.config/fish/completions/klaviyo-bulk-events.fish

    """
    from click.shell_completion import get_completion_class

    if made_by := get_completion_class(shell):
        click.echo(made_by(ctx.find_root().command, {}, _PROGRAM, _VARIABLE).source())
