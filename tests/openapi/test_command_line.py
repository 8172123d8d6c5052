"""`python -m openapi`, as the sessions of the noxfile run it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from openapi.__main__ import main
from openapi.checkout import Checkout

Variant = Callable[..., str]
Files = Callable[[], dict[str, bytes]]
Output = pytest.CaptureFixture[str]


@pytest.fixture
def new_spec(tmp_path: Path, variant: Variant) -> Path:
    """A file with a new revision."""
    path = tmp_path / "new.json"
    path.write_text(variant(("2026-04-15", "2026-07-15"), ("400 properties", "300 properties")))
    return path


def test_a_new_spec_is_taken_in(checkout: Checkout, new_spec: Path, capsys: Output) -> None:
    """The changes are printed, and the checkout says where the new spec came from."""
    assert main(["generate", str(new_spec)], checkout.root) == 0

    assert capsys.readouterr().out.splitlines()[:2] == [
        "BREAKING  limit     EVENT_PROPERTIES 400 -> 300",
        "ok        revision  REVISION 2026-04-15 -> 2026-07-15",
    ]
    assert checkout.spec.read_bytes() == new_spec.read_bytes()
    assert 'revision = "2026-07-15"' in checkout.source.read_text()


def test_generating_again_changes_nothing(checkout: Checkout, files: Files, capsys: Output) -> None:
    """Without a new spec the client is made anew from the one in the checkout, the same."""
    before = files()

    assert main(["generate"], checkout.root) == 0

    assert files() == before
    assert capsys.readouterr().out == ""


def test_an_error_is_one_message(
    checkout: Checkout, new_spec: Path, files: Files, capsys: Output
) -> None:
    """What can't be generated is said on standard error, and nothing was touched."""
    before = files()
    new_spec.write_text(new_spec.read_text().replace("Burst", "Peak"))

    assert main(["generate", str(new_spec)], checkout.root) == 1

    assert capsys.readouterr().err.startswith("error: a limit's sentence is gone")
    assert files() == before


def test_a_file_that_is_not_there(checkout: Checkout, capsys: Output) -> None:
    """A wrong path is an error that names it."""
    assert main(["generate", str(checkout.root / "none.json")], checkout.root) == 1

    assert "none.json" in capsys.readouterr().err
