"""`python -m publishing`: guard the public API; `--write` takes it down as it is now."""

import argparse
import sys
from pathlib import Path
from typing import Final

from publishing import comparison, surface

ROOT: Final = Path(__file__).parents[1]
API: Final = Path(__file__).parent / "api"
_HOW: Final = """
If that is meant: `nox -s package -- --write` takes the API down as it is now; commit publishing/api
with the change and say it in CHANGELOG.md. What breaks needs a new major version, before 1.0 a new
minor one.
"""


def main() -> None:
    """Exit with 1 and what changed, unless the API is as it was written down."""
    parser = argparse.ArgumentParser(prog="python -m publishing", description=__doc__)
    parser.add_argument("--write", action="store_true", help="take the public API down as it is")
    if parser.parse_args().write:
        comparison.write(API, surface.stubs(ROOT))
    elif told := _changes():
        sys.exit("\n".join([*told, _HOW]))


def _changes() -> list[str]:
    old, new = comparison.written(API), surface.stubs(ROOT)
    changes = list(comparison.differences(old, new))
    if not changes:
        return []
    breaks = comparison.breaks(old, new)
    heads = ["The public API is not what publishing/api says.", ""]
    listed = [f"breaks: {line}" for line in breaks] or ["Nothing of it breaks for who uses it."]
    return [*heads, *listed, "", *changes]


if __name__ == "__main__":
    main()
