"""Where in a document a JSON pointer (RFC 6901) leads."""

from collections.abc import Iterable, Sequence
from typing import Any

Step = str | int


def follow(document: Any, pointer: str) -> tuple[tuple[Step, ...], bool]:
    """The steps that can be taken, each a key or an index, and whether they are all of them."""
    steps: list[Step] = []
    for token in tokens(pointer):
        step = _step(document, token)
        if step is None:
            return tuple(steps), False
        steps.append(step)
        document = document[step]
    return tuple(steps), True


def tokens(pointer: str) -> list[str]:
    """The parts of a pointer, unescaped."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def value_at(document: Any, steps: Iterable[Step]) -> Any:
    """The value that steps lead to, None where they lead nowhere."""
    for step in steps:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _step(value: Any, token: str) -> Step | None:
    if isinstance(value, dict):
        return token if token in value else None
    if isinstance(value, Sequence) and not isinstance(value, str) and token.isdecimal():
        return int(token) if int(token) < len(value) else None
    return None
