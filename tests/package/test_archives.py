"""What is in the archives that are published."""

import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path, PurePosixPath

import pytest

from tests.package.conftest import ROOT, Built

EXTRAS = {"all", "arrow", "cli", "dlt", "emulator", "redis", "spark", "sql", "testing"}


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def metadata(built: Built) -> Message:
    (text,) = (data for name, data in contents(built.wheel).items() if name.endswith("/METADATA"))
    return message_from_string(text.decode())


def test_the_wheel_holds_typed_packages_and_nothing_else(built: Built) -> None:
    names = contents(built.wheel).keys()
    tops = {PurePosixPath(name).parts[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "klaviyo_bulk_events",
        "klaviyo_bulk_events_api",
        "pyspark_klaviyo",
    }
    assert {"klaviyo_bulk_events/py.typed", "klaviyo_bulk_events_api/py.typed"} <= names
    assert not [
        name for name in names if "/tests/" in name or "test_" in name or "conftest" in name
    ]
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_wheel_holds_every_file_of_the_tree(built: Built) -> None:
    """Data too: a spec, a script of Redis's."""
    kept = {
        str(path.relative_to(ROOT / root))
        for root in ("wrapper", "generated")
        for path in (ROOT / root).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and ".ruff_cache" not in path.parts
    }
    assert kept == {name for name in contents(built.wheel) if ".dist-info/" not in name}


def test_the_sdist_makes_the_same_wheel(built: Built, tmp_path: Path) -> None:
    """Whoever builds it of the sdist has what others download."""
    subprocess.run(["uv", "build", "-q", "--wheel", "--out-dir", tmp_path, built.sdist], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == built.wheel.name
    assert contents(wheel) == contents(built.wheel)


def names_in(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_the_sdist_has_what_it_takes_to_test_it(built: Built) -> None:
    names = names_in(built.sdist)
    assert {"pyproject.toml", "noxfile.py", "LICENSE", "CHANGELOG.md", "README.md"} <= names
    assert {"tests/test_package.py", "openapi/bulk_create_events.json"} <= names
    assert not [name for name in names if name.startswith((".nox", ".git/", ".ci"))]


def test_the_sdist_has_nothing_else_that_lies_about(built: Built, tmp_path: Path) -> None:
    """A virtual environment would break it, a journal holds personal data."""
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    (tree / "env" / "bin").mkdir(parents=True)
    (tree / "env" / "bin" / "python").symlink_to(sys.executable)
    (tree / "run.db").write_bytes(b"ada@shop.example")
    subprocess.run(["uv", "build", "-q", "--sdist", "--out-dir", tmp_path, tree], check=True)
    (again,) = tmp_path.glob("*.tar.gz")
    assert names_in(again) == names_in(built.sdist)


def test_the_metadata_is_whole(metadata: Message) -> None:
    """What the index shows, and what installers go by."""
    assert metadata["Name"] == "klaviyo-bulk-events"
    assert metadata["Summary"]
    assert metadata["Keywords"]
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert str(metadata.get_payload()).startswith("# klaviyo-bulk-events")
    assert set(metadata.get_all("Provides-Extra", [])) == EXTRAS


def test_the_classifiers_name_the_pythons_that_are_tested(metadata: Message) -> None:
    classifiers = metadata.get_all("Classifier", [])
    versions = {name.rpartition(" ")[2] for name in classifiers if "Python :: 3." in name}
    assert versions == {"3.11", "3.12", "3.13", "3.14"}
    assert "Typing :: Typed" in classifiers


def test_every_requirement_has_a_lower_bound(metadata: Message) -> None:
    """`nox -s tests_oldest` tries them."""
    needed = [one for one in metadata.get_all("Requires-Dist", []) if "klaviyo" not in one]
    assert needed
    assert all(">=" in one.partition(";")[0] for one in needed)
