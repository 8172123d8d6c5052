"""Lengths of time as they are typed: `90s`, `15m`, `6h`, `1d`."""

import re
from typing import Final

import click

_SECONDS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smhd]?)", re.ASCII)


def duration(text: str) -> float:
    """The seconds. Raises click.BadParameter for what is no length of time above 0."""
    match = _DURATION.fullmatch(text.strip().lower())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if seconds <= 0:
        raise click.BadParameter(f"{text!r} is no length of time such as 90s, 15m or 6h")
    return seconds
