"""What README and the pages tell their readers to do works."""

from pathlib import Path

import pytest

from tests.docs.reader import Reader, matches

PROJECT = Path(__file__).parents[2]
# Its blocks need an environment each: `nox -s recipes` runs them.
RECIPES = PROJECT / "docs" / "engines.md"
PAGES = [PROJECT / "README.md", *sorted({*(PROJECT / "docs").rglob("*.md")} - {RECIPES})]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_a_reader_can_do_all_that_a_page_says(page: Path, reader: Reader) -> None:
    """In the order in which it says it."""
    reader.follow(page)


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\nb\n", "a  \nb", True),
        ("a\n...\nd", "a\nb\nc\nd", True),
        ("took ... s", "took 12 s", True),
        ("a", "a\nb", False),
        ("a+", "aa", False),
    ],
)
def test_what_a_page_shows_is_what_is_printed(expected: str, printed: str, same: bool) -> None:
    """Up to what changes from run to run."""
    assert matches(expected, printed) is same
