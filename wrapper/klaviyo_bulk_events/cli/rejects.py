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
from klaviyo_bulk_events.set_aside import line

_SETTLED: Final = frozenset({Status.ACCEPTED, Status.DUPLICATE})


class Rejects:
    """Writes outcomes as JSON lines that only the user may read; does nothing without a path.

    `backfill` is that of the run, `local` the zone of naive times. Raises ConfigurationError for a
    file that can't be written, or is among the `sources`.
    """

    def __init__(
        self,
        path: Path | None,
        sources: Sequence[str],
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
            check_output("--rejects", path, sources)
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


def check_output(option: str, path: Path, sources: Sequence[str]) -> None:
    """Raises ConfigurationError if writing the file would overwrite a source."""
    for source in sources:
        if path.exists() and os.path.exists(source) and os.path.samefile(path, source):
            raise ConfigurationError(f"{option} would overwrite {source}, which is being read")


def overwrite_each_other(one: Path, other: Path) -> bool:
    """Whether the paths are of one file, there or not; a device takes in both."""
    if one.exists() and other.exists():
        return one.is_file() and one.samefile(other)
    return one.resolve() == other.resolve()


def open_private(path: Path) -> BinaryIO:
    """A file for writing that only the user may read. Raises ConfigurationError."""
    try:
        return private_files.overwritten(path)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from None
