"""The file of what was neither accepted nor there already."""

import os
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from klaviyo_bulk_events import private_files
from klaviyo_bulk_events.cli.display import say
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.set_aside import begins_with_line, line

_SETTLED: Final = frozenset({Status.ACCEPTED, Status.DUPLICATE})
_BEGINNING: Final = 100_000
"""Bytes within which a file shows what it is: no origin, with its path, is longer."""


class Rejects:
    """Writes outcomes as JSON lines that only the user may read; does nothing without a path.

    `backfill` is that of the run, `local` the zone of naive times. What was in the file is gone
    once this is made. Raises ConfigurationError for a file that can't be written.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        backfill: bool | None,
        local: tzinfo | None,
    ) -> None:
        self.path = path
        self.failure: OSError | None = None
        self._backfill = backfill
        self._local = local
        self._file: BinaryIO | None = None
        if path is not None:
            self._file = open_private(path)

    def begin(self, lines: Sequence[bytes]) -> None:
        """Write what was set aside before."""
        if self._file is not None:
            try:
                self._file.writelines(lines)
            except OSError as error:
                self.failure = error

    def take(self, outcome: Outcome) -> None:
        """Write the outcome, unless it is settled for good. A `failure` is kept for the end."""
        if self._file is None or outcome.status in _SETTLED:
            return
        try:
            self._file.write(line(outcome, self._backfill, self._local))
        except OSError as error:
            self.failure = self.failure or error

    def complete(self) -> bool:
        """Whether all could be written; says so if not."""
        if self.failure is not None:
            say(f"{self.path} is not complete: {self.failure.strerror}")
        return self.failure is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            try:
                self._file.close()
            except OSError as failure:
                self.failure = self.failure or failure


def check_rejects(path: Path) -> None:
    """Raises ConfigurationError for a file that can't be written, or is there and has no rejects.

    A file of rejects, and one without content, may be written over.
    """
    try:
        if path.is_file():
            _check_content(path)
        elif not path.exists():
            _try_to_make(path.resolve())
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from None


def _check_content(path: Path) -> None:
    with path.open("r+b") as file:
        beginning = file.read(_BEGINNING)
    if beginning.strip() and not begins_with_line(beginning):
        raise ConfigurationError(
            f"{path} is there and is no file of rejects: name another file, or delete it"
        )


def _try_to_make(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    path.unlink()


def open_private(path: Path) -> BinaryIO:
    """A file for writing that only the user may read. Raises ConfigurationError."""
    try:
        return private_files.overwritten(path)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from None
