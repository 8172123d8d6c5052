"""A PostgreSQL of the tests' own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.docs.reader import free_port

READY_SECONDS = 30


@contextmanager
def postgresql() -> Iterator[dict[str, str]]:
    """A server with an empty database; the variables with which `psql` finds it."""
    # It refuses to run as root, who runs the tests in a container.
    user: dict[str, Any] = {"user": "postgres"} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        data, port = f"{folder}/data", str(free_port())
        made = [_program("initdb"), "--auth=trust", "--username=shop", "--no-sync", data]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **user)
        where = ["-D", data, "-k", folder, "-h", "127.0.0.1", "-p", port]
        server = subprocess.Popen([_program("postgres"), *where], **user)
        variables = {"PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": "shop"}
        try:
            _wait_for({**variables, "PGDATABASE": "postgres"})
            yield {**variables, "PGDATABASE": "postgres"}
        finally:
            server.terminate()
            server.wait(timeout=READY_SECONDS)


def _program(name: str) -> str:
    """Debian keeps the server's programs off the PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(installed[-1]) if installed else shutil.which(name)
    assert found, f"{name} is not installed (Debian: apt-get install postgresql)"
    return found


def _wait_for(variables: dict[str, str]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    asked = ["psql", "-q", "-c", "select 1"]
    while subprocess.run(asked, env={**os.environ, **variables}, capture_output=True).returncode:
        assert time.monotonic() < deadline, "PostgreSQL does not answer"
        time.sleep(0.1)
