"""The files of a project, out of the page about testing."""

from pathlib import Path

from tests.docs.blocks import blocks

_PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def files() -> dict[str, str]:
    """The content of each by its name, without the ending."""
    titled = (block for block in blocks(_PAGE) if block.title is not None)
    return {Path(str(block.title)).stem: block.text for block in titled}
