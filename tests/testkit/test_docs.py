"""The page about it is an empty project's files, and they pass."""

from tests.testkit import page
from tests.testkit.conftest import RunProject


def test_what_the_page_says_passes(run_project: RunProject) -> None:
    """In a folder that has nothing else, with the package as it is installed."""
    files = page.files()
    ran = run_project("-W", "error", **files)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    written = sum(content.count("def test_") for content in files.values())
    assert f"{written} passed" in ran.stdout


def test_the_first_test_has_five_lines() -> None:
    lines = page.files()["test_shop"].strip().splitlines()
    assert len([line for line in lines if line]) <= 5
