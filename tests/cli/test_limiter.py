"""`send` beside others who use the account."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from .conftest import Shell


def test_a_shared_limiter(shell: Shell, line: Callable[..., str]) -> None:
    """The places of a named account are in the file, for whoever comes next."""
    source = shell.write("events.jsonl", line())
    limiter = shell.folder / "limiter.db"
    options = ("--limiter", f"sqlite:///{limiter}", "--account", "shop")
    assert shell("send", source, "--backfill", *options).exit_code == 0
    with closing(sqlite3.connect(limiter)) as database:
        query = "SELECT count(*) FROM places WHERE account = 'shop'"
        assert database.execute(query).fetchone() == (1,)


@pytest.mark.parametrize("options", [("--limiter", "memcached://x"), ("--share", "1.5")])
def test_wrong_options(shell: Shell, line: Callable[..., str], options: tuple[str, str]) -> None:
    """They end the command before anything is read."""
    source = shell.write("events.jsonl", line())
    assert shell("send", source, "--backfill", *options).exit_code == 2
