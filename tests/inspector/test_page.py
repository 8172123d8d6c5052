"""The page and its files: all there, and nothing of anybody else's can become part of them."""

import re
from pathlib import Path

import pytest

from klaviyo_bulk_events.emulator.inspector import page

FILES = sorted(path.name for path in (Path(page.__file__).parent / "static").iterdir())


@pytest.mark.parametrize("path", ["/", *(f"/inspector/static/{name}" for name in FILES)])
def test_the_page_and_its_files_are_served(emulator, call, path):
    """Each with its type, and with a policy that lets no script in but the page's own."""
    answer = call(emulator, "GET", path)
    assert answer.status_code == 200
    assert answer.content
    assert answer.headers["content-type"].split(";")[0] in {
        "text/html",
        "text/css",
        "text/javascript",
        "image/svg+xml",
    }
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy)
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_everything_comes_from_the_emulator(emulator, call):
    """No file names another address, and each file that one names is there."""
    named = set()
    for name in FILES:
        text = call(emulator, "GET", f"/inspector/static/{name}").text
        assert set(re.findall(r"https?://[^\"' ]+", text)) <= {"http://www.w3.org/2000/svg"}
        named |= set(re.findall(r"(?:from \"\./|/inspector/static/)([\w.]+)\"", text))
    assert named == set(FILES) - {"index.html"}


def test_the_policy_is_kept(emulator, call):
    """There is no inline script or style, and nothing that makes elements out of text."""
    html = call(emulator, "GET", "/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", html)
    for name in FILES:
        if name.endswith(".js"):
            text = call(emulator, "GET", f"/inspector/static/{name}").text
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text
            )


@pytest.mark.parametrize("name", ["page.py", "..%2Fpage.py", "%2Fetc%2Fpasswd", "index"])
def test_nothing_else_is_served(emulator, call, name):
    """What is not one of the page's files has no name there."""
    assert call(emulator, "GET", f"/inspector/static/{name}").status_code == 404


def test_the_root_is_a_page_for_who_reads_only(emulator, call):
    """A POST there is answered as the endpoint answers one at any other path."""
    answer = call(emulator, "POST", "/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/", "/inspector/stream", "/inspector/requests"])
def test_hosts(emulator, call, path):
    """Under a name that isn't loopback's there is nothing to see."""
    assert call(emulator, "GET", path, headers={"host": "evil.org"}).status_code == 421
