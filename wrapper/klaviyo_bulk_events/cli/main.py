"""The command group; each command is imported when it is asked for."""

import sys
from importlib import import_module
from typing import Any, Final

import click

from klaviyo_bulk_events.cli.grouped import TeachingHelp
from klaviyo_bulk_events.errors import ConfigurationError, JournalError, SpoolError
from klaviyo_bulk_events.version import __version__

_SUMMARIES: Final = {
    "send": "Deliver events and report what became of every one.",
    "check": "Say what `send` would do, without sending anything.",
    "plan": "Say how long sending must take, by account.",
    "status": "Say where the run of a journal, or a queue's spool, stands.",
    "report": "Write the report of a journal's run, as a page or as data.",
    "rejects": "Write the rejects of a journal's run again.",
    "purge": "Take the personal data out of a journal or a spool.",
    "emulate": "Run an emulator of Klaviyo's endpoint.",
    "demo": "Send 20,000 made-up shop events to an emulator.",
    "completion": "Write the script by which a shell completes commands.",
}
_ELSEWHERE: Final = {"rejects": "rejects_of_journal"}
_INTERRUPTED: Final = 130


class WrongError(click.ClickException):
    """Wrong usage or configuration."""

    exit_code = 2


class _Commands(TeachingHelp, click.Group):
    def main(self, *arguments: Any, **extra: Any) -> Any:
        try:
            return super().main(*arguments, **extra)
        except OSError as error:
            # What a command reads and writes it answers for itself; this is its help or version.
            if error.filename is not None:
                raise
            from klaviyo_bulk_events.cli.display import give_up_output, say

            give_up_output()
            say(f"Error: standard output can't be written: {error.strerror}")
            sys.exit(WrongError.exit_code)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _SUMMARIES:
            return None
        command: click.Command = getattr(
            import_module(f"klaviyo_bulk_events.cli.{_ELSEWHERE.get(cmd_name, cmd_name)}"), cmd_name
        )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ConfigurationError, JournalError, SpoolError) as error:
            raise WrongError(str(error)) from None
        except (KeyboardInterrupt, click.Abort):
            click.echo("\nInterrupted.", err=True)
            ctx.exit(_INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="klaviyo-bulk-events")
def cli() -> None:
    r"""Deliver events to Klaviyo in bulk, at the rate limit, and know the fate of every one.

    Examples:
    Try it without an account:
      klaviyo-bulk-events demo

    Then, with a private key that has the scope events:write:
      export KLAVIYO_API_KEY=pk_...
      klaviyo-bulk-events check orders.csv --metric 'Placed Order' --timezone Europe/London \
        --backfill
      klaviyo-bulk-events send orders.csv --metric 'Placed Order' --timezone Europe/London \
        --backfill --rejects rejects.jsonl

    Exit codes:
      0    every event was accepted, or was there already
      1    some were rejected
      2    wrong usage or configuration, or Klaviyo refuses the key
      3    some are unknown or unsent: run it again, which counts nothing twice (after
           --stamp-now, which makes new times, send the file of rejects instead)
      130  interrupted

    """
