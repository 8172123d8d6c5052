"""Where a checkout is not what the pins make of its spec, overlay and settings."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from openapi.checkout import GENERATED, SOURCE, SPEC, Checkout
from openapi.regenerate import make
from openapi.swap import interrupted


def drift(checkout: Checkout) -> list[str]:
    """Every file that differs by a byte, is missing, or that nothing generates."""
    if interrupted(checkout.root):
        return ["an earlier generation was cut short: `nox -s generate` puts back what it took"]
    with TemporaryDirectory() as folder:
        fresh = Path(folder)
        make(checkout, checkout.spec.read_bytes(), fresh)
        return list(_differences(_contents(fresh), _contents(checkout.root)))


def _contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in [root / SOURCE, *(root / GENERATED).rglob("*")]
        if path.is_file() and "__pycache__" not in path.parts
    }


def _differences(expected: dict[str, bytes], found: dict[str, bytes]) -> Iterator[str]:
    for path in sorted(expected.keys() | found.keys()):
        if path not in found:
            yield f"{path} is missing"
        elif path not in expected:
            yield f"{path} is not generated"
        elif expected[path] != found[path]:
            yield f"{path} differs" + (f" from what {SPEC} is" if path == SOURCE else "")
