"""What is published, as it is built, and environments that have nothing else."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen

ROOT = Path(__file__).parents[2]


@frozen
class Built:
    """The wheel and the sdist of the tree."""

    wheel: Path
    sdist: Path


@frozen
class Environment:
    """An interpreter of its own; paths and settings of this one don't reach it."""

    python: Path

    def run(
        self, *arguments: str, cwd: Path | None = None, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run its Python; the process when it is over."""
        hidden = ("PYTHON", "PYTEST", "VIRTUAL_ENV", "KLAVIYO", "COV")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(hidden)}
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=cwd or self.python.parents[1],
            env={**kept, **more},
            capture_output=True,
            text=True,
            timeout=100,
        )


@pytest.fixture(scope="session")
def built() -> Built:
    """What the session has built."""
    folder = Path(os.environ["DIST"])
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


Make = Callable[[str], Environment]


@pytest.fixture(scope="session")
def environment(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Make an environment that has the wheel with an extra, or with none; each is made once."""
    made: dict[str, Environment] = {}

    def make(extra: str) -> Environment:
        if extra not in made:
            folder = tmp_path_factory.mktemp(extra or "bare") / "env"
            python = folder / "bin" / "python"
            subprocess.run(["uv", "venv", "-q", "-p", sys.executable, folder], check=True)
            wanted = f"{built.wheel}[{extra}]" if extra else str(built.wheel)
            subprocess.run(["uv", "pip", "install", "-q", "-p", python, wanted], check=True)
            made[extra] = Environment(python)
        return made[extra]

    return make
