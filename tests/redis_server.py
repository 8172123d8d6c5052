"""A real Redis for tests; in CI the noxfile installs it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.redis_server import RedisServer


@contextmanager
def running() -> Iterator[RedisServer]:
    """Without redis-server the test is skipped, in CI it fails."""
    if shutil.which("redis-server") is None:
        missing = "redis-server is not installed (Debian: apt-get install redis-server)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    server = RedisServer()
    with server:
        yield server
