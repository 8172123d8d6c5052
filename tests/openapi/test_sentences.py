"""A number is read from its sentence or not at all."""

import re

import pytest

from openapi.errors import GenerationError
from openapi.sentences import Rate, Sentence


@pytest.mark.parametrize(
    ("form", "written", "value"),
    [
        ("count", "1,000", 1000),
        ("count", "400", 400),
        ("below", "128", 127),
        ("after", "2000", 2001),
        ("size", "5MB", 5_000_000),
        ("size", "100 KB", 100_000),
        ("years", "1 year", 1),
        ("years", "2 years", 2),
        ("rate", "10/s", Rate(10, 1.0)),
        ("rate", "150/m", Rate(150, 60.0)),
        ("rate", "9000/h", Rate(9000, 3600.0)),
        ("scopes", "`events:write`", ("events:write",)),
        ("scopes", '"lists:read", "events:write"', ("events:write", "lists:read")),
        ("revision", "2026-04-15", "2026-04-15"),
        ("revision", "2026-04-15.pre", "2026-04-15.pre"),
        ("address", "https://a.klaviyo.com", "https://a.klaviyo.com"),
    ],
)
def test_forms(form: str, written: str, value: object) -> None:
    """Every form that the spec writes a number in comes to the largest or least that goes."""
    (reading,) = Sentence("here", f"It is {{X:{form}}}.").read_in(f"Said: It is {written}. Really.")

    assert reading.value == value
    assert reading.sentence == f"It is {written}."


def test_line_breaks_do_not_matter() -> None:
    """A sentence is found across lines, and kept on one."""
    (reading,) = Sentence("here", "At most {X:count} apples.").read_in("At\n  most 3\napples.")

    assert reading.sentence == "At most 3 apples."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "At most some apples.",
        "At least 3 apples.",
        "At most 3 apples a day.",
        "At most 3 apples and pears.",
    ],
)
def test_another_sentence_is_an_error(text: str) -> None:
    """What reads differently is not guessed at: the error quotes what was looked for, and where."""
    with pytest.raises(GenerationError, match=re.escape("At most {X:count} apples.")) as raised:
        Sentence("the basket", "At most {X:count} apples.").read_in(text)

    assert f"in: the basket\n  which says: {text}" in str(raised.value)
