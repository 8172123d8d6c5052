"""A document as a tree to be shown: unfolded along one path, the rest only named."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from klaviyo_bulk_events.emulator.inspector import shown
from klaviyo_bulk_events.emulator.inspector.pointers import Step
from klaviyo_bulk_events.emulator.refusals import pointer

CHILDREN: Final = 100
_SMALL: Final = 12

Node = dict[str, Any]


def unfolded(document: Any, path: Sequence[Step], *, marked: bool) -> Node:
    """The whole document, unfolded as far as the value at a path, which may be marked."""
    return _node(document, (), tuple(path), marked=marked)


def children(value: Any, at: tuple[Step, ...], offset: int) -> Node:
    """A value with its children from an offset on, at most 100."""
    return {**_leaf(value, at), **_children(value, at, offset, (), marked=False)}


def _node(value: Any, at: tuple[Step, ...], rest: tuple[Step, ...], *, marked: bool) -> Node:
    node = _leaf(value, at)
    if not rest and marked:
        node["marked"] = True
    if not isinstance(value, dict | list) or not (rest or marked or len(value) <= _SMALL):
        return node
    offset = _place(value, rest[0]) // CHILDREN * CHILDREN if rest else 0
    return {**node, **_children(value, at, offset, rest, marked=marked)}


def _leaf(value: Any, at: tuple[Step, ...]) -> Node:
    node: Node = {"key": shown.label(at[-1]) if at else None, "at": shown.text(pointer(at))}
    if isinstance(value, dict | list):
        return {**node, "kind": type(value).__name__, "size": len(value)}
    return {**node, "kind": _kind(value), "text": shown.as_json(value)}


def _children(
    value: Any, at: tuple[Step, ...], offset: int, rest: tuple[Step, ...], *, marked: bool
) -> Node:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    nodes = []
    for step, child in islice(pairs, offset, offset + CHILDREN):
        if rest and step == rest[0]:
            nodes.append(_node(child, (*at, step), rest[1:], marked=marked))
        else:
            nodes.append(_leaf(child, (*at, step)))
    return {"offset": offset, "children": nodes}


def _place(value: Any, step: Step) -> int:
    return list(value).index(step) if isinstance(value, dict) else int(step)


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "word"
    return "text" if isinstance(value, str) else "number"
