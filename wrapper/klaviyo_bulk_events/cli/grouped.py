"""Options whose help stands in groups."""

import inspect
from collections.abc import Callable
from textwrap import indent
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option that stands under a heading in the help."""

    def __init__(self, *arguments: Any, group: str = "Options", **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.group = group


class TeachingHelp(click.Command):
    """A command whose help keeps indented lines, which are examples, as they are."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the paragraphs, wrapping only those that are prose."""
        for paragraph in inspect.cleandoc(self.help or "").split("\n\n"):
            formatter.write_paragraph()
            with formatter.indentation():
                if "\n " in paragraph:
                    formatter.write(indent(paragraph, " " * formatter.current_indent) + "\n")
                else:
                    formatter.write_text(paragraph)


class GroupedCommand(TeachingHelp):
    """A command whose help shows its options under their headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group, in the order in which the groups first come."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for option in self.params:
            if isinstance(option, GroupedOption) and (record := option.get_help_record(ctx)):
                groups.setdefault(option.group, []).append(record)
        for name, records in groups.items():
            with formatter.section(name):
                formatter.write_dl(records)


def together(*options: Callable[[_F], _F]) -> Callable[[_F], _F]:
    """Several options as one decorator, in their order."""

    def decorate(function: _F) -> _F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def grouped(group: str) -> Callable[..., Callable[[_F], _F]]:
    """A `click.option` whose options stand in this group."""

    def option(*names: str, **attributes: Any) -> Callable[[_F], _F]:
        return click.option(*names, cls=GroupedOption, group=group, **attributes)

    return option
