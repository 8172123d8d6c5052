"""Property values that the server takes and then ignores as if they were never set."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from klaviyo_bulk_events.problems import Problem


def warning(properties: Mapping[str, Any] | None) -> Problem | None:
    """The warning for an event's properties, if one is due."""
    if not properties:
        return None
    try:
        if all(properties.values()):
            return None
        if not [v for v in properties.values() if not v and v is not False]:
            return None
    except ValueError:  # an array of numpy's is neither true nor false
        pass
    names = tuple(name for name, value in properties.items() if _is_ignored(value))
    return _warning(names) if names else None


def _is_ignored(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return not value
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0


@lru_cache(maxsize=1_000)
def _warning(names: tuple[str, ...]) -> Problem:
    listed = ", ".join(names[:10])
    message = f"the server ignores the values 0, null and empty text, here of {listed}"
    return Problem("/properties", "ignored_value", message)
