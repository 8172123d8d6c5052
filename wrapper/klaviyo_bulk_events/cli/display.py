"""Progress on standard error: a bar on a terminal, else a line now and then."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from klaviyo_bulk_events.cli.monitor import Monitor

_BAR_SECONDS: Final = 0.2
_LINE_SECONDS: Final = 10.0

Say = Callable[[str], None]
"""Shows a line of text beside the progress."""


def say(text: str) -> None:
    """Show a line on standard error."""
    click.echo(text, err=True)


@contextmanager
def display(monitor: Monitor, *, quiet: bool) -> Iterator[Say]:
    """Show how far the run is until it ends."""
    if quiet:
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
    columns = (SpinnerColumn(), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def update() -> None:
            now = monitor.snapshot()
            total = None if now.share is None else 1.0
            progress.update(task, description=str(now), total=total, completed=now.share)

        with _repeatedly(_BAR_SECONDS, update):
            yield lambda text: console.print(text, markup=False)
        update()


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
