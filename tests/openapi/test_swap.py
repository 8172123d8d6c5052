"""Several files change together, or none of them, wherever the process dies."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from openapi.swap import interrupted, recover, swap

NAMES = ("spec", "folder", "not there before")
OLD = {"another": "old", "folder/file": "old", "spec": "old"}
NEW = {"another": "old", "folder/file": "new", "not there before": "new", "spec": "new"}
# Of a swap: clear, copy 2 folders, mark as complete, 2 + 2 + 1 renames, mark as done, clear.
_STEPS = 11


class Died(BaseException):
    """The process was killed."""


class Mortal:
    """Lets so many steps on the disk happen, then none: neither a way out nor an undoing.

    A deletion that is one too many deletes the first file that it finds.
    """

    def __init__(self, patch: pytest.MonkeyPatch, steps: int) -> None:
        self.left = steps
        self._delete = shutil.rmtree
        for owner, name in ((Path, "rename"), (shutil, "copytree"), (shutil, "rmtree")):
            patch.setattr(owner, name, self._limited(getattr(owner, name)))

    def _limited(self, step: Any) -> Any:
        def limited(*arguments: Any, **options: Any) -> Any:
            if self.left == 0:
                if step is self._delete:
                    self._delete_one(*arguments)
                raise Died
            self.left -= 1
            return step(*arguments, **options)

        return limited

    def _delete_one(self, folder: Path) -> None:
        for path in filter(Path.is_file, folder.rglob("*")):
            path.unlink()
            break


def dies(steps: int, action: Any, *arguments: Any) -> bool:
    """Whether an action dies when only so many steps are let happen."""
    with pytest.MonkeyPatch.context() as patch:
        Mortal(patch, steps)
        try:
            action(*arguments)
        except Died:
            return True
    return False


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with old contents, beside fresh ones to put in their place."""
    root, fresh = tmp_path / "root", tmp_path / "fresh"
    for folder, text in ((root, "old"), (fresh, "new")):
        (folder / "folder").mkdir(parents=True)
        (folder / "folder" / "file").write_text(text)
        (folder / "spec").write_text(text)
    (root / "another").write_text("old")
    (fresh / "not there before").write_text("new")
    return root


def contents(root: Path) -> dict[str, str]:
    """Every file with what it holds, without the swap's own."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "regenerate" not in path.parts
    }


def test_swap(root: Path) -> None:
    """The named files are the fresh ones afterwards, the others as they were."""
    swap(root, root.parent / "fresh", NAMES)

    assert contents(root) == NEW
    assert not (root / "build" / "regenerate").exists()


def test_a_fresh_file_that_is_missing_undoes_all(root: Path) -> None:
    """An error in the middle leaves everything as it was."""
    (root.parent / "fresh" / "not there before").unlink()

    with pytest.raises(FileNotFoundError):
        swap(root, root.parent / "fresh", NAMES)

    assert contents(root) == OLD
    assert not interrupted(root)


@pytest.mark.parametrize("undoing", range(8))
@pytest.mark.parametrize("steps", range(_STEPS))
def test_death_at_any_step(root: Path, steps: int, undoing: int) -> None:
    """After a death while swapping, and one more while undoing, all is old or all is new."""
    assert dies(steps, swap, root, root.parent / "fresh", NAMES)
    dies(undoing, recover, root, NAMES)

    recover(root, NAMES)

    assert contents(root) == (NEW if steps == _STEPS - 1 else OLD)
    assert not (root / "build" / "regenerate").exists()


def test_the_next_swap_undoes_the_one_that_died(root: Path) -> None:
    """Who generates again need not know that the last time was cut short."""
    assert dies(6, swap, root, root.parent / "fresh", NAMES)
    assert contents(root) != OLD

    swap(root, root.parent / "fresh", NAMES)

    assert contents(root) == NEW
