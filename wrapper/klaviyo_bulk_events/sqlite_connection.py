"""A connection to a SQLite file that survives forks."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from klaviyo_bulk_events import forks
from klaviyo_bulk_events.sqlite_files import transaction


class Connection:
    """Opened when it is needed, for threads that take turns, and closed while the process forks.

    SQLite's connections can't be carried over a fork, not even to be closed there. Nor can what
    SQLite knows of its locks on the file: a child that had inherited that would take none.

    `opened` makes the connection, `said` tells SQLite's errors as this package's.
    """

    def __init__(
        self,
        opened: Callable[[], sqlite3.Connection],
        said: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._opened = opened
        self._said = said
        self._closed = False
        self._inherited: list[sqlite3.Connection] = []
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        forks.around(self._before_fork, self._after_fork)
        forks.in_child(self._renew)

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone."""
        with self._lock, self._said():
            if self._connection is None:
                self._connection = self._opened()
            try:
                yield self._connection
            finally:
                if self._closed:
                    self._close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction that writes."""
        with self.use() as connection, transaction(connection):
            yield connection

    def rest(self) -> None:
        """Close the connection until it is needed again."""
        with self._lock, self._said():
            self._close()

    def close(self) -> None:
        """Keep no connection any more, from one use to the next."""
        self._closed = True
        self.rest()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _before_fork(self) -> None:
        self._lock.acquire()
        self._close()

    def _after_fork(self) -> None:
        self._lock.release()

    def _renew(self) -> None:
        self._lock = threading.RLock()
        if self._connection is not None:  # forked by what calls no hook before
            self._inherited.append(self._connection)
            self._connection = None
