"""Files to read, and what comes out of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.sources import Rules, open_files, read_map_option

Read = Callable[..., list[Sourced]]


@pytest.fixture
def path(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Writes a file."""

    def path(name: str, content: bytes) -> Path:
        file = tmp_path / name
        file.write_bytes(content)
        return file

    return path


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a file with this content, by rules in the form of options."""

    def read(name: str, content: bytes | str, *maps: str, **rules: Any) -> list[Sourced]:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        mapping = dict(map(read_map_option, maps))
        (source,) = open_files([str(file)], Rules(mapping=mapping, **rules))
        return [
            Sourced(
                item.record, item.origin.removeprefix(f"{tmp_path}/"), item.problem, item.others
            )
            for item in source
        ]

    return read


def codes(items: list[Sourced]) -> list[str | None]:
    """The code of each item's problem."""
    return [item.problem.code if item.problem else None for item in items]
