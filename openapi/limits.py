"""The numbers of the spec, each with the sentence that says it.

Klaviyo says most of them in prose only, and some twice. Whatever is said twice must agree.
"""

import json
from collections.abc import Iterator

from openapi.errors import GenerationError
from openapi.fields import fields
from openapi.sentences import Reading, Sentence
from openapi.spec import Json, operation

_EVENT = "/data/attributes/events-bulk-create/data/*/attributes/events/data/*/attributes"

_SENTENCES = (
    Sentence("the revision", "{REVISION:revision}"),
    Sentence("the default of the header revision", "{REVISION:revision}"),
    Sentence("the server", "{SERVER:address}"),
    Sentence("the operation", "**Scopes:** {SCOPES:scopes}"),
    Sentence("x-klaviyo-scopes", "[{SCOPES:scopes}]"),
    Sentence("the operation", "Accepts up to {EVENTS_PER_REQUEST:count} events per request."),
    Sentence("the operation", "The maximum allowed payload size is {REQUEST_BYTES:size}."),
    Sentence("the operation", "A single string cannot exceed {STRING_BYTES:size}."),
    Sentence(
        f"{_EVENT}/properties",
        "The size of the event payload must not exceed {REQUEST_BYTES:size}, "
        "and each string cannot be larger than {STRING_BYTES:size}.",
    ),
    Sentence(
        f"{_EVENT}/properties",
        "Properties of this event (must not exceed {EVENT_PROPERTIES:count} properties).",
    ),
    Sentence(
        f"{_EVENT}/metric/data/attributes/name",
        "Must be less than {METRIC_NAME_LENGTH:below} characters.",
    ),
    Sentence(
        f"{_EVENT}/time",
        "The time must be after the year {EARLIEST_YEAR:after} "
        "and can only be up to {YEARS_AHEAD:years} in the future.",
    ),
    Sentence("the operation", "Burst: `{BURST:rate}`"),
    Sentence("x-klaviyo-ratelimit", '"burst": "{BURST:rate}"'),
    Sentence("the operation", "Steady: `{STEADY:rate}`"),
    Sentence("x-klaviyo-ratelimit", '"steady": "{STEADY:rate}"'),
)

Limits = dict[str, Reading]


def read(spec: Json) -> Limits:
    """Every number by its name, as the first sentence says it that the others agree with."""
    texts = dict(_texts(spec))
    limits: Limits = {}
    for sentence in _SENTENCES:
        for reading in sentence.read_in(texts.get(sentence.place, "")):
            first = limits.setdefault(reading.name, reading)
            if first.value != reading.value:
                raise GenerationError(_contradiction(first, reading))
    return limits


def _texts(spec: Json) -> Iterator[tuple[str, str]]:
    """The texts in which sentences are looked for, by what `_SENTENCES` calls their places."""
    body = operation(spec).body
    yield "the revision", spec["info"]["version"]
    yield "the server", " ".join(server["url"] for server in spec.get("servers", ()))
    yield "the operation", body.get("description", "")
    for parameter in body.get("parameters", ()):
        place = f"the default of the {parameter.get('in')} {parameter.get('name')}"
        yield place, str(parameter.get("schema", {}).get("default", ""))
    for extension in ("x-klaviyo-scopes", "x-klaviyo-ratelimit"):
        yield extension, json.dumps(body.get(extension))
    for path, field in fields(spec).items():
        yield path, field.schema.get("description", "")


def _contradiction(first: Reading, second: Reading) -> str:
    return (
        f"the spec contradicts itself about {first.name}\n"
        f"  {first.place} says: {first.sentence}\n  {second.place} says: {second.sentence}"
    )
