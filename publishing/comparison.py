"""What changed between the public API that was written down and that of the package."""

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import griffe

_STUB_AND_COLOUR: Final = re.compile(r"^\S+:\d+: |\x1b\[\d+m")


def written(folder: Path) -> dict[str, str]:
    """The stubs that are written down in a folder, by the module's name."""
    return {path.stem: path.read_text() for path in sorted(folder.glob("*.pyi"))}


def write(folder: Path, stubs: Mapping[str, str]) -> None:
    """Write these stubs down, and no others."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.pyi"):
        path.unlink()
    for name, text in stubs.items():
        (folder / f"{name}.pyi").write_text(text)


def breaks(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What of the old may stop working, a line for each."""
    gone = [f"{name}: the module is gone" for name in old if name not in new]
    both = [name for name in old if name in new]
    return gone + [line for name in both for line in _breaks(name, old[name], new[name])]


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """All that changed, line by line, breaking or not."""
    for name in sorted(old.keys() | new.keys()):
        before, after = (stubs.get(name, "").splitlines() for stubs in (old, new))
        yield from difflib.unified_diff(before, after, name, name, lineterm="", n=0)


def _breaks(name: str, old: str, new: str) -> Iterator[str]:
    # The name's dots would make a package of it that griffe looks for.
    stem = name.replace(".", "_")
    found = griffe.find_breaking_changes(_read(stem, old), _read(stem, new))
    for breakage in found:
        told = breakage.explain(griffe.ExplanationStyle.ONE_LINE)
        yield f"{name}: {_STUB_AND_COLOUR.sub('', told)}"


def _read(name: str, text: str) -> griffe.Module:
    return griffe.visit(name, Path(f"{name}.py"), text)
