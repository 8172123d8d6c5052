"""The kit without a server, and projects of its users."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from klaviyo_bulk_events.testing import KlaviyoEmulator

# Plugins of other distributions, which take seconds to import; the kit's own is found as by users.
NOT_NEEDED = ("hypothesispytest", "anyio", "cacheprovider")
RunProject = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def kit() -> KlaviyoEmulator:
    """An emulator that no socket leads to."""
    return KlaviyoEmulator()


@pytest.fixture
def run_project(tmp_path: Path) -> RunProject:
    """Run the tests of a project that has these files; the process when it is over."""

    def run_project(*arguments: str, **files: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "pytest.ini").write_text("[pytest]")  # the folder may be in this project
        for name, content in files.items():
            (tmp_path / f"{name}.py").write_text(content)
        without = [option for name in NOT_NEEDED for option in ("-p", f"no:{name}")]
        environment = {n: value for n, value in os.environ.items() if not n.startswith("PYTEST_")}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *without, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
        )

    return run_project
