"""A checkout to generate in, made from a spec that no new revision replaces.

`received.json` is Klaviyo's spec as it was on 2026-04-15. Taking in a revision with other numbers
must not break a test, so none reads the spec in `openapi/`.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openapi.checkout import Checkout
from openapi.regenerate import make

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def received() -> str:
    """Klaviyo's spec as received."""
    return Path(__file__).with_name("received.json").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def variant(received: str) -> Callable[..., str]:
    """Klaviyo's spec with some texts replaced, wherever they stand."""

    def replaced(*replacements: tuple[str, str]) -> str:
        text = received
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        return text

    return replaced


@pytest.fixture(scope="session")
def generated(received: str, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which the client was generated, to be read only."""
    ours, made = Checkout(ROOT), Checkout(tmp_path_factory.mktemp("generated"))
    make(ours, received.encode(), made.root)
    shutil.copy(ours.overlay, made.overlay)
    shutil.copy(ours.config, made.config)
    return made


@pytest.fixture
def checkout(generated: Checkout, tmp_path: Path) -> Checkout:
    """A checkout in which the client was generated, to be changed freely."""
    return Checkout(Path(shutil.copytree(generated.root, tmp_path / "checkout")))


@pytest.fixture
def files(checkout: Checkout) -> Callable[[], dict[str, bytes]]:
    """Every file of the checkout with its bytes, as they are when asked."""
    return lambda: {
        path.relative_to(checkout.root).as_posix(): path.read_bytes()
        for path in checkout.root.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="session")
def evaluate() -> Callable[[Checkout, str], Any]:
    """What an expression comes to in a process that imports a checkout's client."""

    def value(checkout: Checkout, expression: str) -> Any:
        script = (
            "import attrs, inspect, json\n"
            "from klaviyo_bulk_events_api import limits, models\n"
            "from klaviyo_bulk_events_api.api.events import bulk_create_events as endpoint\n"
            f"print(json.dumps({expression}))"
        )
        command = [sys.executable, "-Bc", script]
        done = subprocess.run(command, cwd=checkout.generated, capture_output=True, check=True)
        return json.loads(done.stdout)

    return value
