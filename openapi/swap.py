"""Put new files in the place of old ones: all of them or none, wherever it is cut short.

Both lie in one folder of the checkout meanwhile, so that every step is a rename:

    build/regenerate/coming   the new ones, while they are being copied
    build/regenerate/new      the new ones; as long as it is there, the swap can be undone
    build/regenerate/old      the former ones, put aside
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

_FOLDER = Path("build", "regenerate")


def swap(root: Path, fresh: Path, names: Sequence[str]) -> None:
    """Replace `names`, files or folders below `root`, by those below `fresh`."""
    recover(root, names)
    work = root / _FOLDER
    try:
        shutil.copytree(fresh, work / "coming")
        (work / "coming").rename(work / "new")
        for name in names:
            _move(root / name, work / "old" / name)
            (work / "new" / name).rename(root / name)
    except BaseException:
        recover(root, names)
        raise
    _clear(work)


def recover(root: Path, names: Sequence[str]) -> None:
    """Undo a swap that was cut short; this can itself be cut short and done again."""
    work = root / _FOLDER
    if interrupted(root):
        for name in names:
            if not (work / "new" / name).exists():
                _move(root / name, work / "new" / name)
            if (work / "old" / name).exists():
                _move(work / "old" / name, root / name)
    _clear(work)


def interrupted(root: Path) -> bool:
    """Whether a swap was cut short: what it replaces is a mixture, or missing in part."""
    return (root / _FOLDER / "new").exists()


def _clear(work: Path) -> None:
    # First by one rename: a folder `new` that is deleted in part would look like a swap under way.
    _move(work / "new", work / "done")
    shutil.rmtree(work, ignore_errors=True)


def _move(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
