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
        if self.limit < 1 or not 0 < self.seconds < float("inf"):
            raise ConfigurationError(f"a rate needs a limit and a window above 0, not {self}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `10/s`, `150/m`, `9000/h`, or with a window of another length `5/0.5s`."""
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            raise ConfigurationError(f"a rate is written 10/s, 150/m or 5/0.5s, not {text!r}")
        limit, length, unit = match.groups()
        return cls(int(limit), float(length or 1) * _SECONDS[unit])

    def __str__(self) -> str:
        for unit, seconds in _SECONDS.items():
            if self.seconds == seconds:
                return f"{self.limit}/{unit}"
        return f"{self.limit}/{self.seconds:g}s"
