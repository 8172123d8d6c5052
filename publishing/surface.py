"""The public API as a stub: every name that others may use, with what it takes and returns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import griffe

PACKAGE: Final = "klaviyo_bulk_events"
# A module's `__all__`, or these names of it.
PUBLIC: Final[dict[str, tuple[str, ...] | None]] = {
    PACKAGE: None,
    f"{PACKAGE}.arrow": None,
    f"{PACKAGE}.dlt": None,
    f"{PACKAGE}.emulator": None,
    f"{PACKAGE}.journal": None,
    f"{PACKAGE}.limits": None,
    f"{PACKAGE}.queues": ("QueueOptions",),
    f"{PACKAGE}.run_report": None,
    f"{PACKAGE}.sources": None,
    f"{PACKAGE}.spark": None,
    f"{PACKAGE}.steps": ("Answered", "Notice", "Paused", "Retrying", "Settled", "Waiting"),
    f"{PACKAGE}.testing": None,
    f"{PACKAGE}.timeline": ("Timeline",),
}
_SPECIAL: Final = frozenset({"__init__", "__call__", "__enter__", "__aenter__", "__iter__"})
# Clients make them: how they do is nobody's matter.
_MADE_BY_CLIENTS: Final = frozenset({"AsyncEventQueue", "AsyncRun", "EventQueue", "Run"})


def stubs(checkout: Path) -> dict[str, str]:
    """The stub of each public module by the module's name, of the package in a checkout."""
    loader = griffe.GriffeLoader(search_paths=[checkout / "wrapper", checkout / "generated"])
    loader.load(f"{PACKAGE}_api")
    loader.load(PACKAGE)
    loader.resolve_aliases()
    return {name: _stub(loader.modules_collection[name], PUBLIC[name]) for name in PUBLIC}


def _stub(module: griffe.Object | griffe.Alias, names: tuple[str, ...] | None) -> str:
    listed = sorted(names or map(str, module.exports or ()))
    lines = [line for name in listed for line in _thing(name, module[name])]
    return "\n".join([f"__all__ = {listed}", *lines, ""])


def _thing(name: str, found: griffe.Object | griffe.Alias) -> Iterator[str]:
    thing = found.final_target if isinstance(found, griffe.Alias) else found
    if isinstance(thing, griffe.Class):
        yield from _class(name, thing)
    elif isinstance(thing, griffe.Function):
        yield from _function(name, thing)
    elif isinstance(thing, griffe.Attribute):
        yield from _attribute(name, thing)


def _class(name: str, thing: griffe.Class) -> Iterator[str]:
    bases = f"({', '.join(map(str, thing.bases))})" if thing.bases else ""
    yield f"class {name}{bases}:"
    hidden = {"__init__"} if name in _MADE_BY_CLIENTS else set[str]()
    members = [
        (inner, member)
        for inner, member in thing.members.items()
        if inner not in hidden and (inner in _SPECIAL or not inner.startswith("_"))
    ]
    yield from (f"    {line}" for inner, one in members for line in _thing(inner, one))
    if not members:
        yield "    ..."


def _function(name: str, thing: griffe.Function) -> Iterator[str]:
    yield from (f"@{decorator.value}" for decorator in thing.decorators)
    asynchronous = "async " if "async" in thing.labels else ""
    signature = thing.signature(name=name)
    if thing.parent.is_class and "staticmethod" not in thing.labels:  # griffe leaves it out
        bound = "cls" if "classmethod" in thing.labels else "self"
        rest = signature.removeprefix(f"{name}(")
        signature = f"{name}({bound}{'' if rest.startswith(')') else ', '}{rest}"
    yield f"{asynchronous}def {signature}: ..."


def _attribute(name: str, thing: griffe.Attribute) -> Iterator[str]:
    if "property" in thing.labels:
        yield "@property"
        yield f"def {name}(self) -> {thing.annotation}: ..."
    elif _is_enum(thing.parent):
        yield f"{name} = {thing.value}"
    else:
        is_made = {"instance-attribute", "class-attribute"} & thing.labels == {"instance-attribute"}
        default = "" if thing.value is None or is_made else " = ..."
        yield f"{name}: {thing.annotation or 'object'}{default}"


def _is_enum(thing: griffe.Object) -> bool:
    return thing.is_class and any("Enum" in str(base) for base in thing.bases)
