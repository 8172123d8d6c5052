"""The files of a journal: only their owner may read them, and one run at a time writes them."""

import mmap
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from klaviyo_bulk_events import private_files
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.sqlite_files import connected

_ZEROS: Final = bytes(1 << 20)


def beside(path: Path, name: str) -> Path:
    """A further file of the journal at this path."""
    return path.with_name(f"{path.name}-{name}")


@contextmanager
def written(journal: Path) -> Iterator[None]:
    """What the system says of a file of the journal as JournalErrors."""
    try:
        yield
    except OSError as error:
        raise JournalError(f"the journal {journal} can't be written: {error.strerror}") from None


def create_private(path: Path) -> None:
    """Make the file, if it isn't there, readable for its owner only. Raises JournalError."""
    with written(path):
        private_files.create(path)


def open_private(path: Path) -> BinaryIO:
    """The file for reading and writing, unbuffered. Raises JournalError."""
    create_private(path)
    return open(path, "r+b", buffering=0)


def mapped(file: BinaryIO, size: int) -> memoryview:
    """An unbuffered file of so many bytes, mapped; what it lacks of them becomes zeros.

    They are written, not left out: on a full disk a hole would end the process once it is used.
    Where a file system copies what is written over, that may still happen. Raises OSError.
    """
    at = file.seek(0, os.SEEK_END)
    while at < size:
        at += file.write(_ZEROS[: size - at])
    return memoryview(mmap.mmap(file.fileno(), size))


def remove(path: Path) -> None:
    """Overwrite a file with zeros and remove it, if it is there."""
    with suppress(FileNotFoundError):
        size = path.stat().st_size
        with open(path, "r+b") as file:
            _zero_data(file, size)
        path.unlink()


def _zero_data(file: BinaryIO, size: int) -> None:
    for at in range(0, size, len(_ZEROS)):
        length = min(len(_ZEROS), size - at)
        file.seek(at)
        if file.read(length).strip(b"\0"):  # writing would fill the holes of a sparse file
            file.seek(at)
            file.write(_ZEROS[:length])
    file.flush()
    os.fsync(file.fileno())


class Lock:
    """Held by the run that writes the journal; gone with its process, however that ends.

    It is SQLite's own lock on an empty database, which every platform has. Raises JournalError
    where another run holds it.
    """

    def __init__(self, path: Path) -> None:
        create_private(beside(path, "lock"))
        self._connection = connected(beside(path, "lock"), seconds=0)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            self._connection.close()
            raise JournalError(
                f"the journal {path} is in use by another run: wait for its end, or give this "
                "run a journal of its own"
            ) from None

    def release(self) -> None:
        """Let others have it."""
        self._connection.close()


def is_locked(path: Path) -> bool:
    """Whether a run writes the journal now."""
    try:
        Lock(path).release()
    except JournalError:
        return True
    return False


OF_A_RUN: Final = ("bodies", "places", "snapshot", "snapshot-half")
"""What stands beside the database while a run has something left to do."""
OF_SQLITE: Final = ("wal", "shm", "journal")
_BESIDE: Final = ("lock", "lock-journal", *OF_A_RUN)


def all_of(path: Path) -> list[Path]:
    """Every file that the journal at this path has, or may have."""
    # SQLite keeps its own beside the file that a link leads to.
    database = path.resolve()
    return [
        path,
        *(beside(path, name) for name in _BESIDE),
        *(beside(database, name) for name in OF_SQLITE),
    ]
