"""The command line against an emulator."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from click.testing import CliRunner, Result

from klaviyo_bulk_events.cli.main import cli
from klaviyo_bulk_events.emulator import Emulator, Running
from klaviyo_bulk_events.testing import KlaviyoEmulator

PROGRAM = (sys.executable, "-m", "klaviyo_bulk_events")
KEY = "pk_0123456789abcdef0123456789abcdef"
NOT_LIMITED = ("--rate", "1000/s")


@frozen
class Shell:
    """Runs commands in a folder of their own."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str) -> Result:
        """Run a command; no exception but SystemExit may leave it."""
        arguments = (*arguments, *NOT_LIMITED) if arguments[0] == "send" else arguments
        result = CliRunner().invoke(cli, arguments, env=self.environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def write(self, name: str, content: str | bytes) -> str:
        """Write a file; its path."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def report(self, *arguments: str) -> dict[str, Any]:
        """Send, and read the report."""
        path = self.folder / "report.json"
        self(*arguments, "--report", str(path))
        report: dict[str, Any] = json.loads(path.read_bytes())
        return report


@pytest.fixture
def served(klaviyo_emulator: KlaviyoEmulator) -> Running:
    """An emulator without limits of rate, as new."""
    return Running(klaviyo_emulator.url, klaviyo_emulator.core)


@pytest.fixture
def emulator(served: Running) -> Emulator:
    """The emulator itself."""
    return served.emulator


@pytest.fixture
def environment(served: Running) -> dict[str, str]:
    """The environment of a command that sends to the emulator."""
    return {"KLAVIYO_API_KEY": KEY, "KLAVIYO_BASE_URL": served.url}


@pytest.fixture
def shell(
    tmp_path: Path,
    environment: dict[str, str],
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    """Runs commands that send to the emulator."""
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path, environment)


Records = Callable[..., str]


@pytest.fixture
def line() -> Callable[..., str]:
    """Makes a good JSON line, with these fields instead; None leaves one out."""

    def line(**fields: Any) -> str:
        record = {
            "metric": "Ordered Product",
            "profile": {"email": "ada@shop.org"},
            "time": "2026-01-02T03:04:05Z",
            "properties": {"sku": "A"},
            "unique_id": "1",
            **fields,
        }
        given = {name: value for name, value in record.items() if value is not None}
        return json.dumps(given, ensure_ascii=False)

    return line
