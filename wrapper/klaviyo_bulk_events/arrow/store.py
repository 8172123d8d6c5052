"""Where the entries of a chunk ledger are kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from attrs import frozen

from klaviyo_bulk_events.errors import ConfigurationError

_FORMS: Final = "file:FOLDER, sqlite:///PATH (from the root: sqlite:////PATH), redis://HOST"


@frozen
class ChunkName:
    """A chunk: the how manieth it is, from 0, of those that a run cuts for an account."""

    run: str
    account: str
    number: int


class Store(Protocol):
    """Keeps a short list of entries for each chunk, each written once and never changed.

    Whoever finds a place taken reads what is there before writing to the next one: no locks are
    needed, and what several attempts say of a chunk stays side by side. An entry that was appended
    outlives the process. Raises JournalError for what can't be read or written.
    """

    def read(self, name: ChunkName) -> Sequence[bytes]:
        """The entries of a chunk, in their order."""

    def append(self, name: ChunkName, at: int, entry: bytes) -> bool:
        """Write the entry number `at`, from 0; false if there is one."""

    def close(self) -> None:
        """Let go of files and connections."""


class NoStore:
    """Keeps nothing: for those who send without a ledger."""

    def read(self, name: ChunkName) -> Sequence[bytes]:
        """There is never anything."""
        return ()

    def append(self, name: ChunkName, at: int, entry: bytes) -> bool:
        """Nobody was there before."""
        return True

    def close(self) -> None:
        """Nothing to do."""


def store_at(where: str) -> Store:
    """The store that a text names. Raises ConfigurationError."""
    scheme, _, rest = where.partition(":")
    if scheme == "file" and rest:
        from klaviyo_bulk_events.arrow.file_store import FileStore

        return FileStore(Path(rest))
    if scheme == "sqlite" and rest.startswith("///"):
        from klaviyo_bulk_events.arrow.sqlite_store import SQLiteStore

        return SQLiteStore(Path(rest.removeprefix("///")))
    if scheme in {"redis", "rediss"} and rest.startswith("//"):
        from klaviyo_bulk_events.arrow.redis_store import RedisStore

        return RedisStore(where)
    raise ConfigurationError(f"a chunk ledger is {_FORMS}")
