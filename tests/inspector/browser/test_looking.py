"""What can be seen on the page."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from klaviyo_bulk_events.emulator import Settings, running
from klaviyo_bulk_events.rates import Rate

ROWS = "#list tbody tr"
SCRIPT = "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"


def test_what_was_there_before(server, shop, browser):
    """Loading the page shows what was received up to then."""
    shop.events("a", "b")
    page = browser.new_page()
    page.goto(server.url)
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(ROWS)).to_contain_text("202")
    expect(page.locator("#totals")).to_contain_text("Events accepted2")
    page.close()


def test_requests_appear_as_they_come(page, shop):
    """Without a reload: the newest first, with profiles, events, bytes, status and fault."""
    expect(page.locator(".empty")).to_contain_text("Nothing was sent yet")
    shop.events("a", "b", "c")
    expect(page.locator(ROWS)).to_have_count(1)
    shop.server.emulator.inject("html_503")
    shop.events("d")
    expect(page.locator(ROWS)).to_have_count(2)
    cells = page.locator(ROWS).first.locator("td")
    expect(cells.nth(0)).to_have_text("2")
    expect(cells.nth(2)).to_have_text("503")
    expect(cells.nth(3)).to_have_text("html_503")
    expect(page.locator(ROWS).nth(1).locator("td.events")).to_have_text("3")
    expect(page.locator(ROWS).nth(1).locator("td.size")).to_contain_text("B")


def test_nothing_is_polled(page, shop):
    """News come by the one stream: an idle page asks for nothing."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    shop.events("a")
    expect(page.locator(ROWS)).to_have_count(1)
    page.wait_for_timeout(1_500)
    assert asked == []


def test_plots(page, shop):
    """Requests in the current second and minute against the limits, and events accepted."""
    for number in range(9):  # no more than a second takes
        shop.events(f"u{number}")
    figures = page.locator("#plots figure")
    expect(figures).to_have_count(3)
    # A minute may have ended in their midst.
    expect(figures.nth(1).locator(".value")).to_have_text(re.compile("^[1-9] of 150$"))
    for number in range(3):
        expect(figures.nth(number).locator("path.bars")).to_have_attribute("d", pattern())
    expect(figures.nth(0).locator("line.limit")).to_have_attribute("visibility", "visible")


def test_of_several_accounts_one_is_plotted(browser, make):
    """That which sent last, with all of its windows and nobody else's."""
    rates = (Rate(1_000, 3_600),)
    with running(Settings(account_per_key=True, rates=rates)) as server:
        page = browser.new_page()
        page.goto(server.url)
        value = page.locator("#plots figure").first.locator(".value")
        for key, number in (("a", 1), ("a", 2), ("b", 1), ("a", 3)):
            server.emulator.receive(make.request(b"{}", authorization=f"Bearer {key}"))
            expect(value).to_have_text(f"{number} of 1,000")
            drawn = page.locator("#plots path.bars").first.get_attribute("d")
            assert drawn.count("M") == 1
        page.close()


def pattern():
    """A path that draws something."""
    return re.compile(r"^M.*z$")


def test_throttled_requests_are_marked(page, shop):
    """What is answered 429 is seen where it happened."""
    shop.server.emulator.inject("throttled")
    shop.events("a")
    expect(page.locator("#plots figure").first.locator("path.marks")).to_have_attribute(
        "d", pattern()
    )


def test_an_error_and_what_it_points_to(page, shop, make):
    """An error's pointer highlights the value in the body, in sight, and nothing else."""
    events = [make.event(f"u{number}") for number in range(150)]
    events[3] = make.event("first", time="yesterday")
    events[120] = make.event("second", time="tomorrow")
    assert shop.send(make.document(make.entry(*events))) == 400
    page.locator(f"{ROWS} a").first.click()
    expect(page.locator(".errors li")).to_have_count(2)
    marked = page.locator(".body .marked")
    expect(marked).to_have_text('time: "yesterday"')
    page.locator(".errors button.pointer").nth(1).click()
    expect(marked).to_have_text('time: "tomorrow"')
    expect(marked).to_have_count(1)
    expect(marked).to_be_focused()
    expect(marked).to_be_in_viewport()


def test_a_body_that_is_not_json(page, shop):
    """The place where reading ended is highlighted."""
    url = f"{shop.server.url}{shop.make.path}"
    httpx.post(url, content=b'{"data": nope}', headers=shop.make.headers)
    page.locator(f"{ROWS} a").first.click()
    expect(page.locator(".body mark")).to_have_text("n")
    content = '{"data": "%s", nope}' % ("\N{GRINNING FACE}" * 20)
    httpx.post(url, content=content.encode(), headers=shop.make.headers)
    expect(page.locator(ROWS)).to_have_count(2)
    page.locator(f"{ROWS} a").first.click()
    expect(page.locator("#opened h2")).to_have_text("Request 2")
    expect(page.locator(".body mark")).to_have_text("n")
    expect(page.locator(".body pre")).to_have_text(content)


def test_a_body_unfolds(page, shop):
    """What is folded is fetched when it is opened, and long lists come in parts."""
    shop.events(*(f"u{number}" for number in range(150)))
    page.locator(f"{ROWS} a").first.click()
    for key in ("0", "attributes", "events", "data"):
        page.locator(".body details summary").filter(has_text=key).last.click()
        page.wait_for_timeout(200)
    expect(page.locator(".body button.step")).to_have_text("50 more")
    page.locator(".body button.step").click()
    expect(page.locator(".body button.step")).to_have_text("100 before")


@pytest.mark.parametrize(
    ("field", "text", "found"),
    [("unique_id", "u12", 1), ("profile", "BOB", 1), ("metric", "viewed", 1), ("metric", "x", 0)],
)
@pytest.mark.parametrize("where", ["#/requests/1", "#/events"])
def test_search(page, shop, make, where, field, text, found):
    """Events are found by profile, metric and unique_id, in a request and among all."""
    viewed = {"data": {"type": "metric", "attributes": {"name": "Viewed Product"}}}
    bob = make.entry(make.event("b", metric=viewed), profile={"email": "bob@shop.org"})
    ada = make.entry(*(make.event(f"u{number}") for number in range(20)))
    shop.send(make.document(ada, bob))
    page.goto(f"{shop.server.url}/{where}")
    table = page.locator("table.events tbody tr:not(.more)")
    expect(table).to_have_count(21)
    page.locator(f"input[name={field}]").fill(text)
    expect(table).to_have_count(found)


def test_properties(page, shop, make):
    """An event's properties unfold."""
    shop.send(make.document(make.entry(make.event("a", properties={"n": 12345678901234567}))))
    page.goto(f"{shop.server.url}/#/events")
    page.get_by_role("button", name="Properties").click()
    expect(page.locator("tr.more pre")).to_contain_text('"n": 12345678901234567')


def test_profiles(page, shop, make):
    """A profile's events are shown in the order of their times."""
    for name, day in (("c", 3), ("a", 1), ("b", 2)):
        shop.send(make.document(make.entry(make.event(name, time=f"2025-06-0{day}T00:00:00Z"))))
    page.locator("#tabs a", has_text="Profiles").click()
    page.locator("#list tbody a", has_text="ada@shop.org").click()
    expect(page.locator("#opened tbody td.id")).to_have_text(["a", "b", "c"])
    page.locator("#opened a", has_text="Close").click()
    expect(page.locator("#opened")).to_be_hidden()


def test_nothing_that_is_shown_becomes_part_of_the_page(page, shop, make):
    """Markup in an event, a profile, a key, an id or a metric stays text, wherever it is shown."""
    metric = {"data": {"type": "metric", "attributes": {"name": SCRIPT}}}
    event = make.event(SCRIPT, metric=metric, properties={SCRIPT: SCRIPT})
    person = {"external_id": SCRIPT}
    assert shop.send(make.document(make.entry(event, profile=person))) == 202
    assert shop.send(make.document(make.entry(event, event, profile=person))) == 400
    for where in ("#/requests/1", "#/requests/2", "#/events", "#/profiles"):
        page.goto(f"{shop.server.url}/{where}")
        expect(page.locator("#view")).to_contain_text("<script>document.title")
        for button in page.get_by_role("button", name="Properties").all():
            button.click()
        assert page.title() == "Emulator"
        assert page.locator("img").count() == 0
        assert page.locator("script").count() == 1
    page.locator("#list tbody a").first.click()
    expect(page.locator("#opened h2")).to_have_text(SCRIPT)
    assert page.title() == "Emulator"


def test_the_policy_lets_no_text_become_code(browser, server):
    """Even if the page tried to make markup or code of what it was told, it could not."""
    page = browser.new_page()
    page.goto(server.url)
    refused = page.evaluate(
        """() => [
            () => (document.body.innerHTML = "<b>x</b>"),
            () => document.body.setAttribute("onclick", "document.title = 'pwned'"),
            () => (document.createElement("script").textContent = "document.title = 'pwned'"),
        ].map((attempt) => {
            try { attempt(); return "done"; } catch { return "refused"; }
        })"""
    )
    assert refused == ["refused"] * 3
    page.close()
