"""What the page asks for when somebody opens something. Each runs in a thread of its own."""

from collections.abc import Callable
from itertools import islice
from typing import Any, Final

import orjson
from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from klaviyo_bulk_events.emulator.core import Emulator
from klaviyo_bulk_events.emulator.exchanges import Exchange
from klaviyo_bulk_events.emulator.faults import SUMMARIES
from klaviyo_bulk_events.emulator.gate import SCHEMES
from klaviyo_bulk_events.emulator.inspector import contents, rows, search, shown, tree
from klaviyo_bulk_events.emulator.inspector.page import SECURITY
from klaviyo_bulk_events.emulator.inspector.pointers import follow, value_at
from klaviyo_bulk_events.emulator.messages import Reply
from klaviyo_bulk_events.emulator.refusals import Flaw
from klaviyo_bulk_events.errors import ConfigurationError

PAGE: Final = 100
_REPLY_LENGTH: Final = 4_000
# A body of a few events is shown whole.
_SMALL_BYTES: Final = 4_000

Json = dict[str, Any]


@frozen
class Views:
    """Each method answers one route with JSON, at most 100 rows of it."""

    emulator: Emulator

    def routes(self) -> list[Route]:
        """The routes, without their common prefix."""
        return [
            Route("/requests", self.requests),
            Route("/requests/{number:int}", self.request),
            Route("/requests/{number:int}/events", self.sent),
            Route("/requests/{number:int}/body", self.body),
            Route("/requests/{number:int}/raw", self.raw),
            Route("/events", self.events),
            Route("/profiles", self.profiles),
            Route("/profiles/events", self.events_of),
        ]

    def requests(self, request: Request) -> Response:
        """Answer requests, newest first: those `before` a number, all or only the `troubled`."""
        before = _number(request, "before", 0) or None
        troubled = "troubled" in request.query_params
        found = self.emulator.newest(PAGE + 1, before=before, troubled=troubled)
        page = rows.requests(self.emulator, found[:PAGE])
        return _json({"rows": page, "more": len(found) > PAGE})

    def request(self, request: Request) -> Response:
        """Answer one request: its row, its fault in words, its flaws as told, the reply."""
        record, exchange = self.emulator.request(request.path_params["number"])
        if record is None:
            return _gone()
        row = rows.requests(self.emulator, [record])[0]
        fault = SUMMARIES.get(record.fault or "")
        said = _said(exchange, request) if exchange else {}
        return _json({"row": row, "fault": fault, **said})

    def sent(self, request: Request) -> Response:
        """Answer the events that stand in a request's body, by parts of their texts."""
        return self._with_body(request, _sent)

    def body(self, request: Request) -> Response:
        """Answer a body as a tree.

        With `mark`, unfolded to what this pointer names; with `at` and `offset`, only the children
        of what is there.
        """
        return self._with_body(request, _tree)

    def raw(self, request: Request) -> Response:
        """Answer a body as it came."""
        number = request.path_params["number"]
        _, exchange = self.emulator.request(number)
        if exchange is None:
            return _gone()
        packed = exchange.request.headers.get("content-encoding", "")
        name = f"request-{number}.json" + (".gz" if packed == "gzip" else "")
        headers = {**SECURITY, "content-disposition": f'attachment; filename="{name}"'}
        content = exchange.request.body
        return Response(content, headers=headers, media_type="application/octet-stream")

    def events(self, request: Request) -> Response:
        """Answer accepted events, newest first, by parts of their texts."""
        found = search.events(self.emulator.snapshot(), _wanted(request))
        page = islice(found, offset := _number(request, "offset", 0), offset + PAGE)
        return _json({"total": len(found), "rows": [*map(rows.accepted, page)]})

    def profiles(self, request: Request) -> Response:
        """Answer profiles with this in an identifier, those with most events first."""
        found = search.people(self.emulator.snapshot(), request.query_params.get("profile", ""))
        page = islice(found, offset := _number(request, "offset", 0), offset + PAGE)
        return _json({"total": len(found), "rows": [_person(person) for person in page]})

    def events_of(self, request: Request) -> Response:
        """Answer the events of the profile with this `name` and `value`, by their time."""
        profile = request.query_params.get("name", ""), request.query_params.get("value", "")
        found = search.events_of(self.emulator.snapshot(), profile)
        page = islice(found, offset := _number(request, "offset", 0), offset + PAGE)
        return _json({"total": len(found), "rows": [*map(rows.accepted, page)]})

    def _with_body(
        self, request: Request, view: Callable[[Exchange, Any, Request], Json]
    ) -> Response:
        _, exchange = self.emulator.request(request.path_params["number"])
        if exchange is None:
            return _gone()
        return _json(view(exchange, contents.document(exchange), request))


def _said(exchange: Exchange, request: Request) -> Json:
    """What was said in a request, the key left out."""
    headers = dict(exchange.request.headers)
    if "authorization" in headers:
        scheme = headers["authorization"].partition(" ")[0]
        headers["authorization"] = f"{scheme} …" if scheme.lower() in SCHEMES else "…"
    offset = _number(request, "offset", 0)
    return {
        "headers": {name: shown.text(value, 300) for name, value in headers.items()},
        "flaws": [_flaw(flaw) for flaw in exchange.flaws[offset : offset + PAGE]],
        "reply": _reply(exchange.reply),
    }


def _flaw(flaw: Flaw) -> Json:
    return {
        "code": flaw.code,
        "detail": shown.text(flaw.detail),
        "pointer": None if flaw.pointer is None else shown.text(flaw.pointer),
        "parameter": flaw.parameter,
    }


def _reply(reply: Reply | None) -> Json | None:
    if reply is None:
        return None
    body = shown.text(reply.body.decode("utf-8", "replace"), _REPLY_LENGTH)
    return {"status": reply.status, "headers": dict(reply.headers), "body": body}


def _sent(exchange: Exchange, document: Any, request: Request) -> Json:
    wanted, flaws = _wanted(request), contents.flawed(exchange.flaws)
    found = [
        event
        for event in contents.sent(document)
        if wanted.matches(event.profile, event.metric, event.unique_id)
    ]
    page = islice(found, offset := _number(request, "offset", 0), offset + PAGE)
    return {
        "total": len(found),
        "rows": [rows.sent(event, flaws.get(event.path, 0)) for event in page],
    }


def _tree(exchange: Exchange, document: Any, request: Request) -> Json:
    query = request.query_params
    if isinstance(document, contents.Unreadable):
        return {"text": shown.text(document.text), "reached": document.at}
    pointer = query.get("mark", query.get("at", ""))
    steps, exact = follow(document, pointer)
    if "offset" in query:
        value = value_at(document, steps)
        return {"tree": tree.children(value, steps, _number(request, "offset", 0))}
    packed = exchange.request.headers.get("content-encoding")
    small = not packed and len(exchange.request.body) <= _SMALL_BYTES
    unfolded = tree.Unfolded(steps[: tree.DEEPEST], "mark" in query, small)
    exact = exact and len(steps) <= tree.DEEPEST
    return {"tree": unfolded.node(document), "exact": exact}


def _wanted(request: Request) -> search.Wanted:
    names = ("profile", "metric", "unique_id")
    return search.Wanted(**{name: request.query_params.get(name, "") for name in names})


def _person(person: search.Person) -> Json:
    name, value = person.key
    others = [shown.label(text) for each, text in person.identifiers.items() if each != name]
    return {
        "name": name,
        "value": shown.label(value),
        "others": others,
        "events": person.events,
        "first": person.first.isoformat(),
        "last": person.last.isoformat(),
    }


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise ConfigurationError(f"{name} needs a whole number")
    return int(text)


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, SECURITY, "application/json")


def _gone() -> Response:
    return _json({"error": "This is no longer kept, or never came."}, 404)
