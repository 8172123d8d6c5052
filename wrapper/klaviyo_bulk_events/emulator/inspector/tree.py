"""A document as a tree to be shown: unfolded along one path, the rest only named."""

from itertools import islice
from typing import Any, Final

from attrs import frozen

from klaviyo_bulk_events.emulator.inspector import shown
from klaviyo_bulk_events.emulator.inspector.pointers import Step
from klaviyo_bulk_events.emulator.refusals import pointer

CHILDREN: Final = 100
_SMALL: Final = 12
DEEPEST: Final = 100
"""Levels that are unfolded: each takes two of the 254 that orjson writes."""

Node = dict[str, Any]
Steps = tuple[Step, ...]


@frozen
class Unfolded:
    """Makes a tree of a document that is unfolded as far as the value at a path.

    That value may be `marked`. With `everything`, all is unfolded: of a small document.
    """

    path: Steps = ()
    marked: bool = False
    everything: bool = False

    def node(self, value: Any, at: Steps = ()) -> Node:
        """The tree of a value, which stands at these steps."""
        node = leaf(value, at)
        if self.marked and at == self.path:
            node["marked"] = True
        if isinstance(value, dict | list) and self._unfolds(value, at):
            node |= self._children(value, at)
        return node

    def _unfolds(self, value: Any, at: Steps) -> bool:
        if len(at) >= DEEPEST:
            return False
        if at == self.path:
            return self.everything or self.marked or len(value) <= _SMALL
        return self.everything or self._leads_through(at)

    def _children(self, value: Any, at: Steps) -> Node:
        place = 0
        if self._leads_through(at):
            place = list(_steps(value)).index(self.path[len(at)])
        offset = place // CHILDREN * CHILDREN
        steps = islice(_steps(value), offset, offset + CHILDREN)
        return {
            "offset": offset,
            "children": [self.node(value[step], (*at, step)) for step in steps],
        }

    def _leads_through(self, at: Steps) -> bool:
        return len(at) < len(self.path) and at == self.path[: len(at)]


def children(value: Any, at: Steps, offset: int) -> Node:
    """A value with its children from an offset on, at most 100, all folded."""
    steps = islice(_steps(value), offset, offset + CHILDREN)
    nodes = [leaf(value[step], (*at, step)) for step in steps]
    return {**leaf(value, at), "offset": offset, "children": nodes}


def leaf(value: Any, at: Steps) -> Node:
    """A value without its children."""
    node: Node = {"key": shown.label(at[-1]) if at else None, "at": shown.text(pointer(at))}
    if isinstance(value, dict | list):
        return {**node, "kind": type(value).__name__, "size": len(value)}
    return {**node, "kind": _kind(value), "text": shown.as_json(value)}


def _steps(value: Any) -> Any:
    """The keys of an object, the indices of an array; nothing else has any."""
    if isinstance(value, dict):
        return value.keys()
    return range(len(value) if isinstance(value, list) else 0)


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "word"
    return "text" if isinstance(value, str) else "number"
