"""The files of a project, out of the page about testing."""

import re
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
_FILE = re.compile(r"```python\n# (\w+)\.py\n(.*?)```", re.DOTALL)


def files() -> dict[str, str]:
    """The content of each by its name, without the ending."""
    return dict(_FILE.findall(_PAGE.read_text()))
