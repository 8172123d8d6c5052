"""Where the focus is, what is read out, and keys that can be switched off."""

import pytest
from playwright.sync_api import expect

ROWS = "#list tbody tr"


def row(page, number):
    """The link of a request's row."""
    return page.get_by_role("link", name=f"Request {number}", exact=True)


@pytest.fixture
def narrow(page, shop):
    """The page with three requests, so narrow that a list gives way to what is opened."""
    page.set_viewport_size({"width": 340, "height": 700})
    for name in ("a", "b", "c"):
        shop.events(name)
    expect(page.locator(ROWS)).to_have_count(3)
    return page


def test_what_is_opened_has_the_focus_and_then_its_row(narrow):
    """Who goes through a list goes on where they were."""
    press = narrow.keyboard.press
    press("j")
    press("j")
    press("Enter")
    expect(narrow.locator("#opened")).to_be_focused()
    expect(narrow.locator("#opened h2")).to_have_text("Request 2")
    press("Tab")
    press("Enter")
    expect(narrow.locator("#opened h2")).to_have_text("Request 1")
    expect(narrow.locator("#opened")).to_be_focused()
    press("Escape")
    expect(row(narrow, 1)).to_be_focused()
    press("k")
    expect(row(narrow, 2)).to_be_focused()


def test_its_row_has_the_focus_beside_it_too(page, shop):
    """Where both are to be seen, Close is pressed in what is opened."""
    shop.events("a")
    shop.events("b")
    row(page, 1).click()
    page.locator("#opened .close").click()
    expect(row(page, 1)).to_be_focused()


def test_faults_are_reached_whatever_is_opened(narrow):
    """On a narrow screen they are out of the way until they are asked for."""
    row(narrow, 2).click()
    expect(narrow.locator("#opened h2")).to_have_text("Request 2")
    expect(narrow.locator("#faults")).to_be_hidden()
    narrow.keyboard.press("f")
    expect(narrow.locator("#faults-panel input").first).to_be_focused()
    narrow.locator("#faults summary").click()
    expect(narrow.locator("#faults")).to_be_hidden()


@pytest.mark.parametrize(
    ("where", "rows"),
    [("#/events", ROWS), ("#/profiles/email/ada@shop.org", "#opened tbody tr")],
)
def test_events_that_come_in_leave_the_focus_where_it_is(page, shop, where, rows):
    """In the list of all, and in a profile."""
    shop.events("a", "b")
    page.goto(f"{shop.server.url}/{where}")
    expect(page.locator(rows)).to_have_count(2)
    link = page.locator(rows).filter(has_text="b").locator("td.last a")
    link.focus()
    shop.events("c")
    expect(page.locator(rows)).to_have_count(3)
    expect(link).to_be_focused()


# Counts what is written into elements that are read out when they change, from now on.
OBSERVE = """() => {
    globalThis.written = [];
    const live = "output, [role=status], [role=alert], [aria-live]";
    new MutationObserver((changes) => {
        for (const { target } of changes)
            if ((target.closest ? target : target.parentElement).closest(live))
                written.push(target.textContent);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


@pytest.mark.parametrize("where", ["#/requests", "#/events", "#/profiles"])
def test_nothing_is_read_out_again_and_again(page, shop, where):
    """Neither while nothing happens nor while requests come in."""
    shop.events("a")
    page.goto(f"{shop.server.url}/{where}")
    expect(page.locator(ROWS)).to_have_count(1)
    page.wait_for_timeout(500)
    page.evaluate(OBSERVE)
    page.wait_for_timeout(1_500)
    for name in ("b", "c"):
        shop.events(name)
    expect(page.locator("#totals")).to_contain_text("Events accepted3")
    page.wait_for_timeout(1_000)
    assert page.evaluate("written") == []


def test_a_button_says_what_it_does(page):
    """Pressed or not is no state of one that is called Resume."""
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert page.locator("#pause").get_attribute("aria-pressed") is None


def test_keys_of_one_character_can_be_switched_off(page, server):
    """For good, and on again; Esc closes as ever."""
    page.keyboard.press("?")
    page.get_by_label("Keys of one character work").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("#connection")).to_have_text("Live")
    for key in ("p", "2", "?"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#tabs [aria-current]")).to_have_text("Requests")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Keys of one character work").check()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("2")
    expect(page.locator("#tabs [aria-current]")).to_have_text("Events")
