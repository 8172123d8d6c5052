"""The vendor's spec: read leniently, written strictly."""

import json
from typing import Any, NamedTuple

from openapi_spec_validator import OpenAPIV30SpecValidator
from referencing.exceptions import Unresolvable

from openapi.errors import GenerationError

Json = dict[str, Any]


class Operation(NamedTuple):
    """The only operation of the spec, and where it is."""

    path: str
    method: str
    body: Json


def read(received: bytes) -> Json:
    """Read a spec in which strings may hold raw newlines, as those of Klaviyo do."""
    try:
        spec = json.loads(received, strict=False)
    except ValueError as error:
        raise GenerationError(f"the spec is not JSON: {error}") from error
    if not isinstance(spec, dict) or not str(spec.get("openapi", "")).startswith("3.0."):
        raise GenerationError("the spec is not a document of OpenAPI 3.0")
    _validate(spec)
    return spec


def _validate(spec: Json) -> None:
    try:
        for fault in OpenAPIV30SpecValidator(spec).iter_errors():
            raise GenerationError(f"the spec is wrong at {fault.json_path}: {fault.message}")
    except Unresolvable as error:
        raise GenerationError(f"the spec refers to {error.ref}, which it does not hold") from error


def write(spec: Json) -> str:
    """Write strict JSON, in the order in which the spec has it."""
    return json.dumps(spec, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def operation(spec: Json) -> Operation:
    """The operation to generate; a spec with none or with several is another API's."""
    found = [
        Operation(path, method, body)
        for path, methods in spec["paths"].items()
        for method, body in methods.items()
        if isinstance(body, dict) and "responses" in body
    ]
    if len(found) != 1:
        raise GenerationError(f"the spec should have one operation, it has {len(found)}")
    return found[0]
