"""The dotted names of the record form: `profile.email`, `properties.sku`."""

from collections.abc import Collection, Mapping
from typing import Any, Final

# What follows one of these is a single name, dots and all: properties.a.b is the property "a.b".
_PARENTS: Final = (
    ("profile", "location"),
    ("profile", "properties"),
    ("profile", "append"),
    ("profile", "unappend"),
    ("profile", "append_identifiers"),
    ("profile", "unappend_identifiers"),
    ("profile",),
    ("properties",),
)
_PREFIXES: Final = tuple((".".join(path) + ".", path) for path in _PARENTS)


def nested(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its dotted names put where they belong.

    A dotted name whose value is None is left out: that is what an empty cell and NULL mean.
    """
    tree: dict[str, Any] = {}
    for name, value in record.items():
        path, last = split(name)
        if not path:
            tree[last] = _merged(tree.get(last), value)
        elif value is not None:
            _descend(tree, path)[last] = value
    return tree


def split(name: Any) -> tuple[tuple[str, ...], Any]:
    """Where a dotted name leads, and the name there."""
    if isinstance(name, str):
        for prefix, path in _PREFIXES:
            if name.startswith(prefix):
                return path, name.removeprefix(prefix)
    return (), name


def _descend(tree: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for step in path:
        tree[step] = tree = dict(tree.get(step) or {})
    return tree


def _merged(before: Any, value: Any) -> Any:
    if isinstance(before, Mapping) and isinstance(value, Mapping):
        return {**before, **value}
    return before if value is None else value


def with_rest(record: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The record with every field that is not known moved into its properties."""
    kept = {name: value for name, value in record.items() if name in known}
    rest = {name: value for name, value in record.items() if name not in known}
    given = {name: value for name, value in rest.items() if value is not None}
    properties = kept.get("properties")
    if given and (properties is None or isinstance(properties, Mapping)):
        kept["properties"] = {**given, **(properties or {})}
    return kept
