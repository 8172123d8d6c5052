"""Write the limits as a Python module, for the generated package."""

from openapi.limits import Limits
from openapi.sentences import Rate

_UNITS = {
    "EVENTS_PER_REQUEST": "events",
    "REQUEST_BYTES": "bytes",
    "STRING_BYTES": "bytes",
    "EVENT_PROPERTIES": "properties",
    "METRIC_NAME_LENGTH": "characters",
    "EARLIEST_YEAR": "year",
    "YEARS_AHEAD": "years",
}

_HEAD = '''"""What the spec says in numbers, each with the sentence that says it."""

from typing import Final, NamedTuple


class Limit(NamedTuple):
    """The value that still goes, its unit, and the spec's sentence."""

    value: int
    unit: str
    sentence: str


class RateLimit(NamedTuple):
    """At most `limit` requests in `seconds`, and the spec's sentence."""

    limit: int
    seconds: float
    sentence: str


'''


def written(limits: Limits) -> str:
    """The module's text, in no particular layout."""
    return _HEAD + "\n".join(_line(name, limits) for name in limits) + "\n"


def _line(name: str, limits: Limits) -> str:
    value, sentence = limits[name].value, limits[name].sentence
    if isinstance(value, Rate):
        return f"{name}: Final = RateLimit({value.limit}, {value.seconds}, {sentence!r})"
    if isinstance(value, int):
        number = f"{value:_}" if value >= 10_000 else value
        return f"{name}: Final = Limit({number}, {_UNITS[name]!r}, {sentence!r})"
    return f"{name}: Final = {value!r}"
