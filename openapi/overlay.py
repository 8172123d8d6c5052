"""Apply `overlay.yaml`, an OpenAPI Overlay, to the spec, and check what it is there for."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

from oas_patch import apply_overlay, load_yaml, validate

from openapi.errors import GenerationError
from openapi.fields import fields
from openapi.spec import Json


def overlaid(spec: Json, overlay: Path) -> Json:
    """The spec with every action carried out; an action that changes nothing is an error."""
    document = load_yaml(str(overlay))
    verdict = validate(document, "log")
    if not verdict.startswith("[INFO]"):
        raise GenerationError(f"{overlay.name} is not an OpenAPI Overlay: {verdict}")
    for action in document["actions"]:
        spec = _carry_out(action, spec, overlay.name)
    _check(spec, overlay.name)
    return spec


def _carry_out(action: Json, spec: Json, name: str) -> Json:
    if not action.get("description"):
        raise GenerationError(f"{name}: the action on {action['target']} gives no reason")
    changed: Json = apply_overlay(deepcopy(spec), {"actions": [action]})
    if changed == spec:
        raise GenerationError(
            f"{name}: the action {action['description']!r} changes nothing: "
            f"the spec has no {action['target']}, or says already what the action says"
        )
    return changed


def _check(spec: Json, name: str) -> None:
    """Refuse what the overlay exists to mend, wherever a new revision brings it."""
    for path, field in fields(spec).items():
        if "default" in field.schema:
            raise GenerationError(
                f"{path} has a default, which the generated client would always send: "
                f"remove it in {name}"
            )
    for pointer in _ignored_nullables(spec, ""):
        raise GenerationError(
            f"{pointer} says nullable beside $ref, where it is ignored: wrap it in {name}"
        )


def _ignored_nullables(node: object, pointer: str) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node and "nullable" in node:
            yield pointer
        for key, inner in node.items():
            yield from _ignored_nullables(inner, f"{pointer}/{key}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _ignored_nullables(inner, f"{pointer}/{index}")
