"""A spec in which anything is missing gives an error in words, never a crash."""

from collections.abc import Iterator
from copy import deepcopy
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from openapi import limits
from openapi import spec as vendor
from openapi.changes import changes
from openapi.errors import GenerationError

SPEC = vendor.read(Path(__file__).with_name("received.json").read_bytes())


def places(node: Any, *above: Any) -> Iterator[tuple[Any, ...]]:
    """The way to everything that the spec holds."""
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield (*above, key)
        yield from places(node[key], *above, key)


def refused(spec: Any) -> str | None:
    """What a spec is refused with; None if it is understood."""
    try:
        read = vendor.read(vendor.write(spec).encode())
        limits.read(read)
        changes(SPEC, read)
    except GenerationError as error:
        return str(error)
    return None


@given(st.sampled_from(sorted(places(SPEC), key=str)))
def test_anything_may_be_missing(place: tuple[Any, ...]) -> None:
    """Without any one part, the spec is understood all the same or refused in words."""
    broken = deepcopy(SPEC)
    del reduce(getitem, place[:-1], broken)[place[-1]]

    refusal = refused(broken)
    assert refusal is None or refusal.strip()
