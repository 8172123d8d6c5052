"""Runs that are reported, against an emulator."""

import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from click.testing import CliRunner, Result

from klaviyo_bulk_events.cli.main import cli
from klaviyo_bulk_events.emulator import Running, Settings, running

KEY = "pk_0123456789abcdef0123456789abcdef"


class Text(HTMLParser):
    """What a page shows, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.tags.append((tag, dict(attrs)))

    @property
    def text(self) -> str:
        """All of the text."""
        return " ".join(" ".join(self.words).split())


@frozen
class Shell:
    """Runs commands in a folder of their own."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str) -> Result:
        """Run a command; no exception but SystemExit may leave it."""
        result = CliRunner().invoke(cli, arguments, env=self.environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def send(self, *arguments: str) -> Result:
        """Send history at full speed."""
        return self("send", "--backfill", "--quiet", "--rate", "1000/s", *arguments)

    def write(self, name: str, *records: Any) -> str:
        """Write records as JSON lines; the file's name."""
        lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
        (self.folder / name).write_text("\n".join(lines))
        return name

    def data(self, name: str) -> dict[str, Any]:
        """Read a report."""
        data: dict[str, Any] = json.loads((self.folder / name).read_bytes())
        return data

    def page(self, name: str) -> Text:
        """Read a page."""
        return Text((self.folder / name).read_text())


@pytest.fixture(scope="session")
def served() -> Iterator[Running]:
    """An emulator without limits of rate."""
    with running(Settings(rates=(), seed=1)) as served:
        yield served


@pytest.fixture
def emulated(served: Running) -> Iterator[Running]:
    """The emulator, as new."""
    served.emulator.reset()
    yield served
    served.emulator.set_faults({})


@pytest.fixture
def shell(emulated: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path, {"KLAVIYO_API_KEY": KEY, "KLAVIYO_BASE_URL": emulated.url})


Record = Callable[..., dict[str, Any]]


@pytest.fixture
def record() -> Record:
    """Makes a good record, with these fields instead."""

    def record(number: int = 1, **fields: Any) -> dict[str, Any]:
        return {
            "metric": "Ordered Product",
            "profile": {"email": f"ada.{number}@shop.org"},
            "properties": {"sku": "A1"},
            "time": "2026-01-02T03:04:05Z",
            "unique_id": f"order-{number}",
            **fields,
        }

    return record
