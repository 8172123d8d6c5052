"""SQLite's write-ahead log."""

import sqlite3
import time
from typing import Final

_PATIENCE: Final = 100
_SOON: Final = 0.05


def use_log(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; while another process does, SQLite doesn't wait for it."""
    for attempt in range(_PATIENCE):
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
        except sqlite3.OperationalError:
            if attempt == _PATIENCE - 1:
                raise
            time.sleep(_SOON)
        else:
            return
