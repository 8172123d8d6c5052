"""What pages of other origins may ask for."""

import pytest

MINE = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
NEIGHBOUR = {"origin": "http://localhost:3000", "sec-fetch-site": "same-site"}
EVIL = {"origin": "https://evil.org", "sec-fetch-site": "cross-site"}


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        (MINE, True),
        ({"sec-fetch-site": "none"}, True),
        ({"origin": "https://localhost"}, True),
        (NEIGHBOUR, False),
        (EVIL, False),
        ({"origin": "https://evil.org"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "http://[::"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"origin": "http://localhost", "sec-fetch-site": "cross-site"}, False),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/emulator/reset"),
        ("POST", "/emulator/pause"),
        ("POST", "/emulator/resume"),
        ("POST", "/emulator/faults"),
        ("PUT", "/emulator/faults"),
        ("GET", "/emulator/events"),
        ("GET", "/inspector/requests"),
        ("GET", "/api/event-bulk-create-jobs"),
    ],
)
def test_only_its_own_page_may(emulator, make, call, headers, allowed, method, path):
    """Another origin's page changes nothing and reads nothing; what is no browser may do all."""
    emulator.receive(make.request())
    answer = call(emulator, method, path, headers=headers, content=b'{"html_500": 1}')
    own = 405 if path.startswith("/api") else 200
    assert answer.status_code == (own if allowed else 403)
    if not allowed:
        assert emulator.summary()["requests"] == 1
        assert emulator.faults == {}
        assert emulator.news().asked == {}


def test_a_link_leads_to_the_page(emulator, call):
    """The page itself may be opened from anywhere."""
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert call(emulator, "GET", "/", headers=headers).status_code == 200
