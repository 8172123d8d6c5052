"""SQLite files of this package: opened, told from others', and what SQLite says of them."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import Factory, field, frozen

_PATIENCE: Final = 100
_SOON: Final = 0.05


def _nothing(connection: sqlite3.Connection) -> None:
    """Put nothing into the tables."""


@frozen(kw_only=True)
class FileFormat:
    """What SQLite calls an application file format: how a file says that it is of one kind.

    `what` is the kind's name in errors, and `mend` what helps when a file is damaged. `error` makes
    the errors, `passing` those that may pass by themselves, where they differ.
    """

    what: str
    application_id: int
    user_version: int
    tables: str
    mend: str
    error: Callable[[str], Exception]
    passing: Callable[[str], Exception] = field(
        default=Factory(lambda self: self.error, takes_self=True)
    )

    def is_in(self, connection: sqlite3.Connection, path: Path) -> bool:
        """Whether the file is of this kind; not if it is empty. Raises for any other."""
        with transaction(connection, "DEFERRED"):  # or another process makes it between two looks
            return self._is_marked(connection, path)

    def _is_marked(self, connection: sqlite3.Connection, path: Path) -> bool:
        application = pragma(connection, "application_id")
        version = pragma(connection, "user_version")
        if application == version == pragma(connection, "schema_version") == 0:
            return False
        if application != self.application_id:
            raise self.foreign(path)
        if version > self.user_version:
            raise self.error(
                f"the {self.what} {path} was made by a newer version of this package: "
                "update klaviyo-bulk-events"
            )
        return True

    def prepare(
        self,
        connection: sqlite3.Connection,
        path: Path,
        fill: Callable[[sqlite3.Connection], None] = _nothing,
    ) -> None:
        """Switch to a write-ahead log, and make the tables in an empty file.

        Several processes may do so at once; one of them makes and fills the tables. Raises for a
        file of another kind, and leaves it as it is.
        """
        is_made = self.is_in(connection, path)
        use_log(connection)
        if is_made:
            return
        with transaction(connection):
            if not self._is_marked(connection, path):
                for statement in filter(str.strip, self.tables.split(";")):
                    connection.execute(statement)
                fill(connection)
                self.mark(connection)

    def mark(self, connection: sqlite3.Connection) -> None:
        """Let the file say that it is of this kind."""
        connection.execute(f"PRAGMA application_id={self.application_id}")
        connection.execute(f"PRAGMA user_version={self.user_version}")

    @contextmanager
    def said(self, path: Path) -> Iterator[None]:
        """SQLite's errors as this package's."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self.told(path, error) from None

    def told(self, path: Path, error: sqlite3.DatabaseError) -> Exception:
        """The error that tells what SQLite said."""
        if not isinstance(error, sqlite3.OperationalError):
            return self.damaged(path)
        if "unable to open" in str(error):
            return self.error(f"there is no {self.what} {path}, or no access to it")
        return self.passing(f"the {self.what} {path} can't be written: {error}")

    def foreign(self, path: Path) -> Exception:
        """The error for a file of another kind."""
        return self.error(f"{path} is no {self.what} of this package: name another file")

    def damaged(self, path: Path) -> Exception:
        """The error for a file whose parts don't fit together."""
        return self.error(f"the {self.what} {path} is damaged, or no {self.what}: {self.mend}")


def connected(
    path: Path, *, seconds: float, pragmas: Sequence[str] = (), create: bool = False
) -> sqlite3.Connection:
    """A connection for threads that take turns; transactions are begun by hand.

    It waits so many seconds for others who write.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
        uri=True,
        timeout=seconds,
        isolation_level=None,
        check_same_thread=False,
    )
    with closed_on_error(connection):
        for each in pragmas:
            connection.execute(f"PRAGMA {each}").fetchall()
    return connection


@contextmanager
def closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Close the connection if anything fails."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """A transaction, rolled back if anything fails; it may also be rolled back within."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        if connection.in_transaction:
            connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def pragma(connection: sqlite3.Connection, name: str) -> Any:
    """The value of a pragma."""
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def use_log(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; while another process does, SQLite doesn't wait for it."""
    for attempt in range(_PATIENCE):
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
        except sqlite3.OperationalError as error:
            if attempt == _PATIENCE - 1 or "locked" not in str(error):
                raise
            time.sleep(_SOON)
        else:
            return
