"""Settings of the wrong kind are refused before anything is sent, not read as something else."""

from typing import Any

import pytest

from klaviyo_bulk_events import ConfigurationError, Intake
from klaviyo_bulk_events.rates import Rate


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metrics", "Placed Order"),
        ("metrics", [5]),
        ("metrics", 5),
        ("window", -1),
        ("window", 1.5),
        ("window", "5"),
        ("window", None),
        ("window", True),
        ("timezone", 5),
        ("timezone", b"UTC"),
    ],
)
def test_intakes_that_are_refused(name: str, value: Any) -> None:
    """A setting of the wrong kind is refused by its name."""
    with pytest.raises(ConfigurationError, match=f"^{name} is "):
        Intake(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metrics", ["Placed Order"]),
        ("metrics", {"Placed Order": 1}),
        ("metrics", ()),
        ("metrics", None),
        ("window", 0),
        ("timezone", "Europe/London"),
    ],
)
def test_intakes_that_are_taken(name: str, value: Any) -> None:
    """Any collection of names does, as does a window of none."""
    assert getattr(Intake(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("limit", "seconds", "named"),
    [
        (1.5, 1, "limit"),
        (0, 1, "limit"),
        (-1, 1, "limit"),
        (True, 1, "limit"),
        ("1", 1, "limit"),
        (1, 0, "window"),
        (1, -1.0, "window"),
        (1, float("inf"), "window"),
        (1, float("nan"), "window"),
        (1, "1", "window"),
        (1, None, "window"),
    ],
)
def test_rates_that_are_refused(limit: Any, seconds: Any, named: str) -> None:
    """A rate is a whole number of requests in a number of seconds, both above 0."""
    with pytest.raises(ConfigurationError, match=f"^a rate's {named} is "):
        Rate(limit, seconds)


@pytest.mark.parametrize("text", ["", "10", "10/d", "0.5/s", "-1/s", 10, None, b"10/s"])
def test_rates_that_are_not_written(text: Any) -> None:
    """What is no rate in writing is refused with the way to write one."""
    with pytest.raises(ConfigurationError, match="a rate is written 10/s"):
        Rate.parse(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/s", Rate(10, 1)),
        (" 150 / m ", Rate(150, 60)),
        ("9000/h", Rate(9000, 3600)),
        ("5/0.5s", Rate(5, 0.5)),
    ],
)
def test_rates_that_are_written(text: str, rate: Rate) -> None:
    """A rate is read from its writing, and written so that it is read again."""
    assert Rate.parse(text) == rate
    assert Rate.parse(str(rate)) == rate
