"""What a process that is forked off must not share with the one it came from."""

import logging
import os
import weakref
from collections.abc import Callable
from typing import Any, Final

_Hook = Callable[[], None]
_Hooks = list["weakref.WeakMethod[_Hook]"]

_log: Final = logging.getLogger("klaviyo_bulk_events")

_before: Final[_Hooks] = []
_in_parent: Final[_Hooks] = []
_in_child: Final[_Hooks] = []


def in_child(method: _Hook) -> None:
    """Call a method in every process that is forked off, as long as its object lives.

    There the other threads are gone, whatever they held.
    """
    _add(_in_child, method)


def around(before: _Hook, in_parent: _Hook) -> None:
    """Call these methods in this process, before it forks and once it has."""
    _add(_before, before)
    _add(_in_parent, in_parent)


def _add(hooks: _Hooks, method: Any) -> None:
    hooks[:] = [hook for hook in hooks if hook() is not None]
    hooks.append(weakref.WeakMethod(method))


def _call(hooks: _Hooks) -> None:
    for hook in tuple(hooks):
        method = hook()
        try:
            if method is not None:
                method()
        except Exception:  # one that fails must not keep the others from being called
            _log.exception("what a fork needs could not be done")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _call(_before),
        after_in_parent=lambda: _call(_in_parent),
        after_in_child=lambda: _call(_in_child),
    )
