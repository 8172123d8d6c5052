"""A chunk ledger in a folder: a small file for each entry."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from klaviyo_bulk_events.arrow.store import ChunkName
from klaviyo_bulk_events.errors import JournalError

_CHUNKS_OF_A_FOLDER: Final = 1_000
_ONLY_ME: Final = 0o700


class FileStore:
    """See `Store`. Needs a file system with hard links; those of networks have them, too.

    An entry is written and synchronised under a name of its own, and then linked to its place,
    which fails if there is one: nobody sees half an entry.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: ChunkName) -> Sequence[bytes]:
        """See `Store`."""
        with self._failing():
            return list(self._entries(name))

    def _entries(self, name: ChunkName) -> Iterator[bytes]:
        at = 0
        while True:
            try:
                yield self._path(name, at).read_bytes()
            except FileNotFoundError:
                return
            at += 1

    def append(self, name: ChunkName, at: int, entry: bytes) -> bool:
        """See `Store`."""
        path = self._path(name, at)
        with self._failing():
            path.parent.mkdir(_ONLY_ME, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix="new-") as file:
                file.write(entry)
                file.flush()
                os.fsync(file.fileno())
                try:
                    os.link(file.name, path)
                except FileExistsError:
                    return False
            _synchronise(path.parent)
        return True

    def close(self) -> None:
        """Nothing is open."""

    def _path(self, name: ChunkName, at: int) -> Path:
        group = f"{name.number // _CHUNKS_OF_A_FOLDER:06}"
        folder = self._folder / _as_file_name(name.run) / _as_file_name(name.account) / group
        return folder / f"{name.number:09}.{at}"

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JournalError(
                f"the chunk ledger in {self._folder} can't be used: {error.strerror}"
            ) from None


def _as_file_name(text: str) -> str:
    """The text as the name of a folder, never `.` or `..`."""
    return quote(text, safe="").replace(".", "%2E")


def _synchronise(folder: Path) -> None:
    if os.name == "nt":  # where folders can't be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
