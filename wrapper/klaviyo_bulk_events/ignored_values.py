"""Property values that the server takes and then ignores as if they were never set."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import filterfalse
from numbers import Number
from typing import Any

from klaviyo_bulk_events.problems import Problem


def warning(properties: Mapping[str, Any]) -> Problem | None:
    """The warning for an event's properties, if one is due."""
    try:
        for value in filterfalse(None, properties.values()):
            if value is not False:
                break
        else:
            return None
    except ValueError:  # an array of numpy's is neither true nor false
        pass
    names = tuple(name for name, value in properties.items() if _is_ignored(value))
    return _warning(names) if names else None


def _is_ignored(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return not value
    return isinstance(value, Number) and not isinstance(value, bool) and not value


@lru_cache(maxsize=1_000)
def _warning(names: tuple[str, ...]) -> Problem:
    listed = ", ".join(name if len(name) <= 100 else f"{name[:100]}..." for name in names[:10])
    message = f"the server ignores the values 0, null and empty text, here of {listed}"
    return Problem("/properties", "ignored_value", message)
