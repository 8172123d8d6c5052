"""What is refused without a look at the body."""

import pytest

from klaviyo_bulk_events.emulator.messages import Request
from klaviyo_bulk_events.limits import REVISION
from klaviyo_bulk_events.rates import Rate

OPT_OUT = {"x_klaviyo_revision_fall_forward_opt_out": "1"}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"authorization": None}, 401, "not_authenticated"),
        ({"authorization": ""}, 401, "not_authenticated"),
        ({"authorization": "Klaviyo-API-Key"}, 401, "not_authenticated"),
        ({"authorization": "Klaviyo-API-Key "}, 401, "not_authenticated"),
        ({"authorization": "Basic a-key"}, 401, "not_authenticated"),
        ({"authorization": "a-key"}, 401, "not_authenticated"),
        ({"revision": None}, 400, "invalid"),
        ({"revision": "latest"}, 400, "invalid"),
        ({"revision": "2020-01-01", **OPT_OUT}, 410, "gone"),
        ({"content_type": None}, 415, "unsupported_media_type"),
        ({"content_type": "text/plain"}, 415, "unsupported_media_type"),
        ({"content_type": "application/json"}, 415, "unsupported_media_type"),
        ({"content_encoding": "br"}, 415, "unsupported_media_type"),
    ],
)
def test_refused_headers(emulator, make, errors, headers, status, code):
    """A header that is missing or wrong is refused with its own status, as JSON:API."""
    plan = emulator.receive(make.request(**headers))
    assert (plan.status, [error["code"] for error in errors(plan)]) == (status, [code])
    assert emulator.events() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer a-token"},
        {"authorization": "klaviyo-api-key a-key"},
        {"content_type": "application/vnd.api+json; charset=utf-8"},
        {"revision": "2020-01-01"},
        {"revision": REVISION, **OPT_OUT},
        {"content_encoding": "identity"},
    ],
)
def test_accepted_headers(emulator, make, headers):
    """Both schemes go, a known media type, and an older revision unless that was opted out of."""
    assert emulator.receive(make.request(**headers)).status == 202


@pytest.mark.parametrize(
    ("key", "status"), [("Klaviyo-API-Key good", 202), ("Bearer good", 202), ("Bearer bad", 401)]
)
def test_only_the_set_key_is_good(emulate, make, key, status):
    """With a key set, any other is refused."""
    assert emulate(api_key="good").receive(make.request(authorization=key)).status == status


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [("GET", None, 405, "POST"), ("PUT", None, 405, "POST"), ("GET", "/api/events", 404, None)],
)
def test_other_routes_are_no_requests_to_the_endpoint(emulate, make, method, path, status, allow):
    """Another path or method is refused, and takes no place in a rate window."""
    emulator = emulate()
    plan = emulator.receive(Request(method, path or make.path, make.headers))
    assert (plan.status, plan.reply.headers.get("allow")) == (status, allow)
    assert emulator.requests() == []


def test_a_post_to_another_path_is_noted(emulate, make):
    """Its events went nowhere: it is told of, and takes no place in a rate window."""
    emulator = emulate(rates=(Rate(1, 60),))
    plan = emulator.receive(Request("POST", "/api/event-bulk-create-job", make.headers, b"{}"))
    assert plan.status == 404
    (record,) = emulator.requests()
    assert (record.status, record.processed, record.flaws) == (404, 404, (("not_found", None),))
    assert emulator.summary()["statuses"] == {"404": 1}
    _, exchange = emulator.request(1)
    assert exchange.flaws[0].detail == "There is nothing at /api/event-bulk-create-job."
    assert emulator.receive(make.request()).status == 202


def test_an_error_has_the_shape_of_klaviyos(emulator, make, errors):
    """An error has an id of its own, and the members that Klaviyo's have."""
    found = [errors(emulator.receive(make.request(revision=None)))[0] for _ in range(2)]
    assert found[0].pop("id") != found[1].pop("id")
    assert found[0] == found[1]
    assert found[0] == {
        "status": 400,
        "code": "invalid",
        "title": "Invalid input.",
        "detail": found[0]["detail"],
        "source": {"parameter": "revision"},
        "links": {},
        "meta": {},
    }
