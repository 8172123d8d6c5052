"""The page about the command: what `--help` says of each. `python -m tests.docs.command_page`."""

from collections.abc import Iterator

import click

from klaviyo_bulk_events.cli.main import cli
from tests.docs.reader import PROJECT

PAGE = PROJECT / "docs" / "reference" / "command.md"
COLUMNS = 88
_HEAD = """# The command

`klaviyo-bulk-events COMMAND --help` says the same.
"""


def written() -> str:
    """The page's text."""
    settings = {**cli.context_settings, "terminal_width": COLUMNS}
    with click.Context(cli, info_name="klaviyo-bulk-events", **settings) as context:
        parts = [_HEAD, _fenced(cli.get_help(context)), *_commands(context)]
    return "\n".join(parts)


def _commands(context: click.Context) -> Iterator[str]:
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        with click.Context(command, parent=context, info_name=name) as own:
            yield f"## {name}\n"
            yield _fenced(command.get_help(own))


def _fenced(text: str) -> str:
    return f"```\n{text}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(written())
