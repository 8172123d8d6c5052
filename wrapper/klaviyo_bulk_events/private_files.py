"""Files that only their owner may read."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

_FOR_ALL, _ONLY_ME = 0o666, 0o600
_BINARY: Final = getattr(os, "O_BINARY", 0)


def create(path: Path) -> None:
    """Make the file if it isn't there, and keep it private. Raises OSError.

    A file that is there is not opened: closing it would give up what locks SQLite holds on it in
    this process.
    """
    where = os.path.realpath(path)  # a link may lead to what is still to be made
    if os.path.isdir(where):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    try:
        os.close(os.open(where, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, _ONLY_ME))
    except FileExistsError:
        _keep_private(path)


def opened(path: Path) -> int:
    """A descriptor for reading and writing; the file is made if it isn't there. Raises OSError."""
    return _descriptor(path, os.O_RDWR)


def overwritten(path: Path) -> BinaryIO:
    """The file for writing, from its beginning; a device keeps its mode. Raises OSError."""
    return open(_descriptor(path, os.O_WRONLY | os.O_TRUNC), "wb")


def _descriptor(path: Path, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_CREAT | _BINARY, _ONLY_ME)
    try:
        _keep_private(path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _keep_private(path: Path) -> None:
    if not path.is_file():
        return
    try:
        path.chmod(_ONLY_ME)
    except OSError as error:
        why = f"it can't be kept private: {error.strerror}"
        raise OSError(error.errno, why, str(path)) from None


@contextmanager
def replacing(
    path: Path, half: Path | None = None, *, private: bool = True, synced: bool = True
) -> Iterator[BinaryIO]:
    """A file for writing that takes the place of another once it is whole. Raises OSError.

    Until then it stands at `half`, or beside the other under a name of its own, and is removed if
    anything fails. One that is not private is for whom the umask says.
    """
    half = half or half_of(path)
    half.unlink(missing_ok=True)  # a killed process may have left one
    mode = _ONLY_ME if private else _FOR_ALL
    try:
        # In here: a signal may end the process as soon as there is a file.
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            if synced:
                os.fsync(file.fileno())
        os.replace(half, path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def half_of(path: Path) -> Path:
    """A name beside the file that nobody else has."""
    return path.with_name(f".{path.name[:100]}-{secrets.token_hex(4)}")
