"""Values that the server takes and drops are warned of, and sent all the same."""

from decimal import Decimal
from typing import Any

import numpy
import pytest
from hypothesis import given

from klaviyo_bulk_events import ignored_values

from .encoding import encode, warnings
from .strategies import properties

IGNORED = ("/properties", "ignored_value")


@pytest.mark.parametrize(
    "value", [0, 0.0, -0.0, None, "", Decimal(0), numpy.int64(0), numpy.float64(0)]
)
def test_values_that_the_server_ignores(value: Any) -> None:
    """Zero, null and empty text in the properties are warned of, by name."""
    event = encode(properties={"p": value, "sound": 1})

    assert [(w.pointer, w.code) for w in event.warnings] == [IGNORED]
    assert event.warnings[0].message.endswith("here of p")


@pytest.mark.parametrize(
    "value",
    [False, 1, "0", " ", [], {}, [0], {"p": ""}, numpy.bool_(False), numpy.array([0, 0])],
)
def test_values_that_count(value: Any) -> None:
    """False, empty arrays and objects, and what lies deeper are not warned of."""
    assert warnings(properties={"p": value}) == set()


def test_names_are_cut() -> None:
    """A warning names the first few properties, and no name is longer than a log can bear."""
    [warning] = encode(properties={f"{n}{'x' * 1_000}": 0 for n in range(50)}).warnings

    assert len(warning.message) < 2_000


@given(properties)
def test_against_looking_at_each(given: dict[str, Any]) -> None:
    """The quick look finds what looking at each value finds."""
    ignored = [
        name
        for name, value in given.items()
        if value is None or value == "" or (type(value) in {int, float} and value == 0)
    ]

    assert (ignored_values.warning(given) is not None) is bool(ignored)
