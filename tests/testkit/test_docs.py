"""The page about it is an empty project's files, and they pass."""

import re
from pathlib import Path

from tests.testkit.conftest import RunProject

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
FILE = re.compile(r"```python\n# (\w+)\.py\n(.*?)```", re.DOTALL)


def test_what_the_page_says_passes(run_project: RunProject) -> None:
    """In a folder that has nothing else, with the package as it is installed."""
    files: dict[str, str] = dict(FILE.findall(PAGE.read_text()))
    ran = run_project("-W", "error", **files)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    written = sum(content.count("def test_") for content in files.values())
    assert f"{written} passed" in ran.stdout


def test_the_first_test_has_five_lines() -> None:
    (content,) = [text for name, text in FILE.findall(PAGE.read_text()) if name == "test_shop"]
    assert len(content.strip().splitlines()) <= 6  # the empty one between them too
