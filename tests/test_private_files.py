"""Files of personal data: nobody else reads them, and nobody sees half of one."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from klaviyo_bulk_events import private_files

IS_LOCKED = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute("BEGIN EXCLUSIVE")
except sqlite3.OperationalError:
    print("locked")
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_created(tmp_path: Path) -> None:
    """New, there already, or at the end of a link: it is private, and keeps what it holds."""
    new, there, link = (tmp_path / name for name in ("new", "there", "link"))
    there.write_bytes(b"content")
    there.chmod(0o644)
    link.symlink_to(tmp_path / "target")
    for path in (new, there, link):
        private_files.create(path)
        assert mode(path) == 0o600
    assert there.read_bytes() == b"content"


def test_what_can_t_be_a_file(tmp_path: Path) -> None:
    """A folder is refused, and stays what it is."""
    before = mode(tmp_path)
    with pytest.raises(IsADirectoryError):
        private_files.create(tmp_path)
    assert mode(tmp_path) == before


def test_a_file_of_somebody_else_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be kept private is not used; that is what the error says."""

    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    (tmp_path / "theirs").touch()
    for use in (private_files.create, private_files.opened, private_files.overwritten):
        with pytest.raises(PermissionError, match="can't be kept private: Operation not"):
            use(tmp_path / "theirs")


def test_locks_stay(tmp_path: Path) -> None:
    """Where POSIX gives up a process's locks with any descriptor, none is closed."""
    path = tmp_path / "locked.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    private_files.create(path)
    asked = subprocess.run(
        [sys.executable, "-c", IS_LOCKED, str(path)], capture_output=True, check=True
    )
    connection.close()
    assert asked.stdout.strip() == b"locked"


def test_overwritten(tmp_path: Path) -> None:
    """A file becomes private; what is no file keeps its mode."""
    path, pipe = tmp_path / "file", tmp_path / "pipe"
    path.write_bytes(b"before, and longer")
    path.chmod(0o644)
    os.mkfifo(pipe, 0o640)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    for each in (path, pipe):
        with private_files.overwritten(each) as file:
            file.write(b"after")
    assert os.read(reader, 10) == path.read_bytes() == b"after"
    assert (mode(path), mode(pipe)) == (0o600, 0o640)
    os.close(reader)


@pytest.mark.parametrize("private", [True, False])
def test_replaced(tmp_path: Path, *, private: bool) -> None:
    """The other is there until the new one is whole."""
    path = tmp_path / "report"
    path.write_bytes(b"before")
    with private_files.replacing(path, private=private) as file:
        file.write(b"after")
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert (mode(path) == 0o600) == private
    assert list(tmp_path.iterdir()) == [path]


def test_not_replaced(tmp_path: Path) -> None:
    """What fails leaves the other, and no half, not even one of a process that was killed."""
    path, half = tmp_path / "report", tmp_path / "half"
    path.write_bytes(b"before")
    half.write_bytes(b"killed")
    half.chmod(0o644)

    def fail() -> None:
        with private_files.replacing(path, half) as file:
            assert mode(half) == 0o600
            file.write(b"after")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
