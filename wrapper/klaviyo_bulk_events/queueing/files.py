"""The files of a spool: readable for their owner only; and the lock that one process holds."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from klaviyo_bulk_events import private_files
from klaviyo_bulk_events.errors import SpoolError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def create_private(path: Path) -> None:
    """Make the file, if it isn't there, readable for its owner only. Raises SpoolError."""
    with _written(path):
        private_files.create(path)


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SpoolError(f"the spool {path} can't be written: {error.strerror}") from None


class Leadership:
    """Held by the one process that sends; gone with it, however it ends.

    Not SQLite's own lock: that can't outlast the connections, which are closed for every fork.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-lock")
        self._file: int | None = None

    def take(self) -> bool:
        """Whether this process has it now. Raises SpoolError."""
        if self._file is not None:
            return True
        with _written(self._path):
            file = private_files.opened(self._path)
        try:
            _lock(file)
        except OSError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let others have it. In a child it is still the parent's: only the copy is closed."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lock(file: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
