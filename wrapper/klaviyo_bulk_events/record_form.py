"""The dotted names of the record form: `profile.email`, `properties.sku`."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from klaviyo_bulk_events.problems import Problem, RecordError, below, printable

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

    A dotted name whose value is None is left out: that is what an empty cell and NULL mean. Raises
    RecordError for a name that is given twice with different values, or leads into what is no
    object.
    """
    tree: dict[str, Any] = {}
    for name, value in record.items():
        path, last = split(name)
        if not path:
            _put_whole(tree, last, value)
        elif value is not None:
            _put(_descend(tree, path), last, value, _pointer(*path))
    return tree


def split(name: Any) -> tuple[tuple[str, ...], Any]:
    """Where a dotted name leads, and the name there."""
    if isinstance(name, str):
        for prefix, path in _PREFIXES:
            if name.startswith(prefix):
                return path, name.removeprefix(prefix)
    return (), name


def value_at(record: Mapping[str, Any], name: str) -> Any:
    """What a dotted name stands for, whether the record is nested or has dotted names itself."""
    if name in record:
        return record[name]
    path, last = split(name)
    value: Any = record
    for step in (*path, last):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def with_rest(record: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The record with every field that is not known moved into its properties.

    Raises RecordError for one that is among them already with another value.
    """
    kept = {name: value for name, value in record.items() if name in known}
    rest = {name: value for name, value in record.items() if name not in known}
    given = {name: value for name, value in rest.items() if value is not None}
    if given:
        properties = _descend(kept, ("properties",))
        for name, value in given.items():
            _put(properties, name, value, "/properties")
    return kept


def _put_whole(tree: dict[str, Any], name: str, value: Any) -> None:
    """Put a value whose parts may be there already, by their dotted names."""
    before = tree.get(name)
    if not isinstance(before, dict):
        tree[name] = value
    elif isinstance(value, Mapping):
        merged = dict(value)
        for key, part in before.items():
            _put(merged, key, part, _pointer(name))
        tree[name] = merged
    elif value is not None:
        raise _no_object(_pointer(name))


def _put(parent: dict[str, Any], name: Any, value: Any, pointer: str) -> None:
    before = parent.get(name)
    if before is not None and before is not value and before != value:
        if not (isinstance(before, Mapping) and isinstance(value, Mapping)):
            message = f"{printable(name)!r} is given twice, with different values"
            raise RecordError(Problem(below(pointer, name), "given_twice", message))
        value = {**before, **value}
    parent[name] = value


def _descend(tree: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The object that the path leads to, copied: the record is the caller's."""
    for depth, step in enumerate(path, 1):
        inner = tree.get(step)
        if inner is not None and not isinstance(inner, Mapping):
            raise _no_object(_pointer(*path[:depth]))
        tree[step] = tree = dict(inner or {})
    return tree


def _no_object(pointer: str) -> RecordError:
    return RecordError(Problem(pointer, "wrong_type", "this must be an object"))


def _pointer(*path: str) -> str:
    return "".join(f"/{step}" for step in path)
