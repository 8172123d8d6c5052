"""The guard of the public API: what breaks is named, and what is new must be written down."""

from pathlib import Path

import pytest

from publishing import comparison, surface
from tests.package.conftest import ROOT

MODULE = surface.PACKAGE
OLD = """
__all__ = ['Order', 'send']
class Order:
    number: int
    def pay(self, amount: float, *, twice: bool = False) -> None: ...
def send(order: Order, limit: int = 1) -> None: ...
"""


def test_the_api_is_what_is_written_down() -> None:
    """Failing? `nox -s package -- --write` accepts the change; CHANGELOG.md says it."""
    old = comparison.written(ROOT / "publishing" / "api")
    new = surface.stubs(ROOT)
    assert comparison.breaks(old, new) == []
    assert list(comparison.differences(old, new)) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("def send(", "def post(", "send: Public object was removed"),
        ("    number: int\n", "", "Order.number: Public object was removed"),
        (", *, twice: bool = False", "", "Order.pay(twice): Parameter was removed"),
        ("limit: int = 1", "limit: int", "send(limit): Parameter is now required"),
        (
            "order: Order, limit: int = 1",
            "order: Order, *, limit: int = 1",
            "send(limit): Parameter kind",
        ),
        ("limit: int = 1", "limit: int = 2", "send(limit): Parameter default was changed: 1 -> 2"),
        (
            "limit: int = 1",
            "limit: int = 1, *, more: int",
            "send(more): Parameter was added as required",
        ),
    ],
)
def test_what_breaks_is_named(before: str, after: str, told: str) -> None:
    assert before in OLD
    (line,) = comparison.breaks({MODULE: OLD}, {MODULE: OLD.replace(before, after)})
    assert line.startswith(f"{MODULE}: ")
    assert told in line


def test_what_is_new_breaks_nothing_and_shows() -> None:
    new = OLD + "def cancel(order: Order) -> None: ...\n"
    assert comparison.breaks({MODULE: OLD}, {MODULE: new}) == []
    changes = list(comparison.differences({MODULE: OLD}, {MODULE: new}))
    assert "+def cancel(order: Order) -> None: ..." in changes


def test_a_module_that_is_gone_breaks(tmp_path: Path) -> None:
    comparison.write(tmp_path, {MODULE: OLD, f"{MODULE}.more": OLD})
    assert comparison.written(tmp_path).keys() == {MODULE, f"{MODULE}.more"}
    comparison.write(tmp_path, {MODULE: OLD})
    assert comparison.breaks({f"{MODULE}.more": OLD}, comparison.written(tmp_path)) == [
        f"{MODULE}.more: the module is gone"
    ]
