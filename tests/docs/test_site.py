"""What holds of the site as a whole."""

import ast
import re
from pathlib import Path

import pytest

import klaviyo_bulk_events
from klaviyo_bulk_events import limits
from tests.docs import command_page
from tests.docs.reader import PROJECT

DOCS = PROJECT / "docs"
STUBS = sorted((PROJECT / "publishing" / "api").glob("*.pyi"))
# The version speaks for itself; the emulator's settings are there as those of `testing`.
ELSEWHERE = {"__version__", "Settings"}


def test_every_page_can_be_reached() -> None:
    """From the navigation."""
    configuration = (PROJECT / "mkdocs.yml").read_text()
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    assert set(re.findall(r"[\w/]+\.md", configuration)) == pages


def test_every_public_name_is_in_the_reference() -> None:
    """And nothing that there isn't: building the site sees to that."""
    reference = (DOCS / "reference" / "python.md").read_text()
    named = set(re.findall(r"^::: klaviyo_bulk_events\.(\w+)$", reference, re.MULTILINE))
    assert set(klaviyo_bulk_events.__all__) - {"__version__"} <= named


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.stem)
def test_every_name_that_is_guarded_is_in_the_reference(stub: Path) -> None:
    """By itself, or among the members of its module."""
    reference = (DOCS / "reference" / "python.md").read_text()
    named = set(re.findall(r"^::: ([\w.]+)$", reference, re.MULTILINE))
    members = re.search(rf"^::: {stub.stem}\n +options:\n +members: \[([^\]]*)\]", reference, re.M)
    guarded = ast.literal_eval(stub.read_text().partition("\n")[0].partition(" = ")[2])
    there = {name for name in guarded if f"{stub.stem}.{name}" in named}
    there |= set(re.findall(r"\w+", members[1]) if members else ())
    assert set(guarded) - there <= ELSEWHERE


def test_the_page_about_the_command_is_what_help_says() -> None:
    """`python -m tests.docs.command_page` writes it anew."""
    assert command_page.PAGE.read_text() == command_page.written()


def test_the_limits_are_those_that_are_kept() -> None:
    """With the sentences of the spec, so that a new revision shows what to write anew."""
    page = (DOCS / "limits.md").read_text()
    assert limits.REVISION in page
    kept = {name: getattr(limits, name) for name in limits.__all__}
    ours = limits.Limit | limits.RateLimit
    for name, limit in kept.items():
        if isinstance(limit, ours) and not limit.sentence.startswith(("Documentation", "Seen")):
            assert limit.sentence in page, name
        if isinstance(limit, limits.Limit) and abs(limit.value) < 2**62:
            assert re.search(rf"\b{limit.value:,}\b|\b{limit.value}\b", page), name
