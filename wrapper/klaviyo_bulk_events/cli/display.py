"""Progress on standard error: a bar on a terminal, else a line now and then."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.table import Column

from klaviyo_bulk_events.cli.monitor import Monitor

_BAR_SECONDS: Final = 0.2
_LINE_SECONDS: Final = 10.0
_WIDE: Final = 80
_BAR: Final = 20
_SHORT_BAR: Final = 8
_BESIDE_THE_BAR: Final = 8
"""Characters of spinner, percentage and the spaces between."""

Say = Callable[[str], None]
"""Shows a line of text beside the progress."""


def say(text: str) -> None:
    """Show a line on standard error; where that can't be written, nobody can be told."""
    with suppress(OSError):
        click.echo(text, err=True)


def tell(text: str) -> bool:
    """Show a text on standard output; where it can't be written, on standard error, and false.

    A reader who has gone, such as a pager that was left, has seen enough.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        give_up_output()
    except OSError as error:
        give_up_output()
        say(f"{text}\nStandard output can't be written: {error.strerror}")
        return False
    return True


def give_up_output() -> None:
    """Let go of what is still buffered, which would fail once more when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def display(monitor: Monitor, *, quiet: bool) -> Iterator[Say]:
    """Show how far the run is until it ends."""
    if quiet or sys.stderr is None:  # as Python has it for a process that was started without one
        yield say
    elif sys.stderr.isatty():
        with _bar(monitor) as shown:
            yield shown
    else:
        with _repeatedly(_LINE_SECONDS, lambda: say(str(monitor.snapshot()))):
            yield say


@contextmanager
def _bar(monitor: Monitor) -> Iterator[Say]:
    console = Console(stderr=True, highlight=False)
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=_bar_width(console.width)),
        TaskProgressColumn(),
        TextColumn("{task.description}", table_column=Column(no_wrap=True)),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def update() -> None:
            now = monitor.snapshot()
            total = None if now.share is None else 1.0
            room = console.width - _bar_width(console.width) - _BESIDE_THE_BAR
            progress.update(task, description=now.brief(room), total=total, completed=now.share)

        with _repeatedly(_BAR_SECONDS, update):
            yield lambda text: console.print(text, markup=False)
        update()


def _bar_width(width: int) -> int:
    return _BAR if width >= _WIDE else _SHORT_BAR


@contextmanager
def _repeatedly(seconds: float, action: Callable[[], None]) -> Iterator[None]:
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(seconds):
            action()

    thread = threading.Thread(target=repeat, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
