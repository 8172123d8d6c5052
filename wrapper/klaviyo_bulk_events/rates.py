"""A rate limit: how many requests in how many seconds."""

import re
from typing import Self

from attrs import frozen

from klaviyo_bulk_events.errors import ConfigurationError

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_WRITTEN = re.compile(r"(\d+)\s*/\s*(\d+(?:\.\d+)?)?\s*([smh])")


@frozen
class Rate:
    """At most `limit` requests in any window of `seconds`."""

    limit: int
    seconds: float

    def __attrs_post_init__(self) -> None:
        if type(self.limit) is not int or self.limit < 1:
            message = f"a rate's limit is a whole number above 0, not {self.limit!r}"
            raise ConfigurationError(message)
        if type(self.seconds) not in (int, float) or not 0 < self.seconds < float("inf"):
            message = f"a rate's window is a number of seconds above 0, not {self.seconds!r}"
            raise ConfigurationError(message)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `10/s`, `150/m`, `9000/h`, or with a window of another length `5/0.5s`."""
        match = _WRITTEN.fullmatch(text.strip()) if isinstance(text, str) else None
        if match is None:
            raise ConfigurationError(f"a rate is written 10/s, 150/m or 5/0.5s, not {text!r}")
        limit, length, unit = match.groups()
        return cls(int(limit), float(length or 1) * _SECONDS[unit])

    def __str__(self) -> str:
        for unit, seconds in _SECONDS.items():
            if self.seconds == seconds:
                return f"{self.limit}/{unit}"
        return f"{self.limit}/{self.seconds:g}s"
