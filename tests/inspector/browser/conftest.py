"""The page in a real browser."""

import os
import shutil
from collections.abc import Iterator

import httpx
import orjson
import pytest
from attrs import frozen
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from klaviyo_bulk_events.emulator import Running, Settings, running
from tests.documents import Documents

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=15_000)


@frozen
class Shop:
    """Sends to an emulator what an application would."""

    server: Running
    make: Documents

    def send(self, document, **headers):
        """Send a document, and return the status."""
        url = f"{self.server.url}{self.make.path}"
        headers = {**self.make.headers, **headers}
        return httpx.post(url, content=orjson.dumps(document), headers=headers).status_code

    def events(self, *unique_ids):
        """Send events of one profile."""
        return self.send(self.make.events(*unique_ids))


@pytest.fixture(scope="session")
def make() -> Documents:
    """Makes requests and their parts."""
    return Documents()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, with a profile of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def server() -> Iterator[Running]:
    """A running emulator with Klaviyo's own limits."""
    with running(Settings()) as server:
        yield server


@pytest.fixture
def shop(server, make) -> Shop:
    """What sends to it."""
    return Shop(server, make)


def is_wrong(said: ConsoleMessage) -> bool:
    """Whether it is an error; that a request is no longer kept, after a reset, is none."""
    gone = "404" in said.text and "/inspector/requests/" in said.location["url"]
    return said.type == "error" and not gone


@pytest.fixture
def page(browser, server) -> Iterator[Page]:
    """The page, open and connected; nothing may go wrong in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if is_wrong(said) else None)
    page.goto(server.url)
    expect(page.locator("#connection")).to_have_text("Live")
    yield page
    context.close()
    assert wrong == []
