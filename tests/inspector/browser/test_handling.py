"""What can be done on the page, with a mouse and without."""

import threading

import pytest
from playwright.sync_api import expect

from klaviyo_bulk_events.emulator import SUMMARIES, Settings, running

ROWS = "#list tbody tr"


def test_pause_and_resume(page, shop):
    """A paused emulator holds requests, and says how many."""
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#connection")).to_have_text("Paused")
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(shop.events("a")))
    thread.start()
    expect(page.locator("#connection")).to_have_text("Paused, 1 held")
    expect(page.locator(ROWS)).to_have_count(0)
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(ROWS)).to_have_count(1)
    thread.join(10)
    assert statuses == [202]


@pytest.mark.parametrize("presses", [2, 3])
def test_who_presses_quickly_gets_what_was_pressed(page, server, presses):
    """Each press is of what the one before came to, whatever the page was told by then."""
    page.evaluate(f"for (let i = 0; i < {presses}; i++) document.getElementById('pause').click()")
    page.wait_for_timeout(1_000)
    expect(page.locator("#connection")).to_have_text("Live" if presses == 2 else "Paused")


def test_reset(page, shop):
    """After a question everything is forgotten; keeping it forgets nothing."""
    shop.events("a")
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert len(shop.server.emulator.events()) == 1
    page.get_by_role("button", name="Reset").click()
    page.locator("dialog").get_by_role("button", name="Reset").click()
    expect(page.locator(ROWS)).to_have_count(0)
    assert shop.server.emulator.events() == []
    assert shop.events("a") == 202
    expect(page.locator(ROWS)).to_have_count(1)


def test_there_is_a_button_for_each_fault(page, server):
    """Every fault that the emulator knows."""
    page.locator("#faults summary").click()
    names = page.locator("#faults-panel button[data-fault]").all_inner_texts()
    assert sorted(names) == sorted(SUMMARIES)


def test_a_fault_for_the_next_request(page, shop):
    """Its button makes the next request meet it, and no further one."""
    page.locator("#faults summary").click()
    page.get_by_role("button", name="html_502", exact=True).click()
    expect(page.locator("#faults-on")).to_have_text("html_502 (next request)")
    assert [shop.events("a"), shop.events("b")] == [502, 202]
    expect(page.locator("#faults-on")).to_have_text("")


def test_a_fault_for_every_request(page, shop):
    """One that is on for all replaces others, and can be put off."""
    page.locator("#faults summary").click()
    page.get_by_label("1 in 10").check()
    page.get_by_role("button", name="slow", exact=True).click()
    expect(page.locator("#faults-on")).to_have_text("slow (10 %)")
    page.get_by_label("every request").check()
    page.get_by_role("button", name="json_503", exact=True).click()
    expect(page.locator("#faults-on")).to_have_text("json_503 (100 %)")
    assert [shop.events("a"), shop.events("b")] == [503, 503]
    page.get_by_role("button", name="All off").click()
    expect(page.locator("#faults-on")).to_have_text("")
    assert shop.events("a") == 202


def test_two_faults_put_on_at_once_are_both_on(page, server):
    """And one that was put on elsewhere stays."""
    page.locator("#faults summary").click()
    page.get_by_label("1 in 10").check()
    server.emulator.set_faults({"trickle": 0.2})
    page.evaluate(
        "for (const name of ['slow', 'cut']) document.querySelector(`[data-fault=${name}]`).click()"
    )
    expect(page.locator("#faults-on")).to_contain_text("cut")
    assert server.emulator.faults == {"trickle": 0.2, "slow": 0.1, "cut": 0.1}


def test_faults_of_next_requests_can_be_put_off(page, shop):
    """They are on until they are met."""
    shop.server.emulator.inject("silence", 3)
    shop.server.emulator.inject("poison")
    page.locator("#faults summary").click()
    page.get_by_role("button", name="All off").click()
    expect(page.locator("#faults-on")).to_have_text("")
    expect(page.get_by_role("button", name="All off")).to_be_disabled()
    assert shop.events("a") == 202


@pytest.fixture
def late(make):
    """An emulator whose latest sixty requests changed twice: told when they came and afterwards."""
    with running(Settings(rates=())) as server:
        for number in range(70):
            plan = server.emulator.receive(make.request(make.events(f"u{number}")))
            assert plan.status == 202
        server.emulator.inject("late", 60)
        for number in range(60):
            plan = server.emulator.receive(make.request(make.events(f"late-{number}")))
            plan.after_hangup()
        yield server


def test_older_requests_can_be_looked_at_though_others_changed_more(browser, late):
    """The latest changes need not be the latest requests."""
    page = browser.new_page()
    page.goto(late.url)
    expect(page.locator(ROWS)).to_have_count(100)
    expect(page.locator("#list .range")).to_have_text("31 to 130, live")
    page.get_by_role("button", name="Older").click()
    expect(page.locator("#list .range")).to_have_text("1 to 30")
    expect(page.get_by_role("button", name="Older")).to_be_disabled()
    page.close()


def test_an_old_request_that_changed_leaves_no_gap(page, shop, make):
    """The list is of the newest, each of them."""
    emulator = shop.server.emulator
    emulator.inject("late")
    plan = emulator.receive(make.request(make.events("late")))
    for number in range(120):
        emulator.receive(make.request(make.events(f"u{number}")))
    expect(page.locator("#list .range")).to_have_text("22 to 121, live")
    plan.after_hangup()
    expect(page.locator("#totals")).to_contain_text("Requests121")
    page.wait_for_timeout(500)
    expect(page.locator("#list .range")).to_have_text("22 to 121, live")
    page.reload()
    expect(page.locator("#list .range")).to_have_text("22 to 121, live")


def test_what_is_opened_follows_its_request(page, shop, make):
    """One that is processed late, and one that didn't come yet."""
    emulator = shop.server.emulator
    page.goto(f"{shop.server.url}/#/requests/1")
    expect(page.locator("#opened")).to_contain_text("never came")
    emulator.inject("late", 2)
    plan = emulator.receive(make.request(make.events("a")))
    expect(page.locator("#opened .facts")).to_contain_text("not looked at")
    page.locator("#opened .unfold").click()
    plan.after_hangup()
    expect(page.locator("#opened .facts")).to_contain_text("Accepted1 event")
    expect(page.locator("#opened tr.more")).to_be_visible()
    plan = emulator.receive(make.request(make.events("a")))
    page.get_by_role("link", name="Later").click()
    expect(page.locator("#opened .facts")).to_contain_text("not looked at")
    plan.after_hangup()
    expect(page.locator("#opened .errors li")).to_have_count(1)


def test_an_address_that_is_no_code_stands_for_itself(page, server):
    """What somebody typed after # doesn't keep the page from starting."""
    page.goto("about:blank")
    page.goto(f"{server.url}/#/profiles/email/100%")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#opened h2")).to_have_text("100%")


def test_only_requests_in_trouble(page, shop):
    """They can be looked at alone, live."""
    shop.events("a")
    shop.events("a")
    page.get_by_label("refused or with a fault").check()
    expect(page.locator(ROWS)).to_have_count(1)
    shop.events("b")
    shop.events("b")
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.locator(f"{ROWS} .badge").first).to_contain_text("400")


def test_everything_by_keyboard(page, shop):
    """Lists, opening and closing, search, pause, faults and help."""
    for name in ("a", "b", "c"):
        shop.events(name)
    expect(page.locator(ROWS)).to_have_count(3)
    press = page.keyboard.press
    press("j")
    press("j")
    expect(page.locator(f"{ROWS} a").nth(1)).to_be_focused()
    press("k")
    press("Enter")
    expect(page.locator("#opened h2")).to_have_text("Request 3")
    press("Escape")
    expect(page.locator("#opened")).to_be_hidden()
    press("2")
    expect(page.locator("#tabs [aria-current]")).to_have_text("Events")
    press("/")
    expect(page.locator("input[name=profile]")).to_be_focused()
    page.keyboard.type("123p")
    expect(page.locator("#tabs [aria-current]")).to_have_text("Events")
    expect(page.locator("#connection")).to_have_text("Live")
    press("Escape")
    press("p")
    expect(page.locator("#connection")).to_have_text("Paused")
    press("p")
    expect(page.locator("#connection")).to_have_text("Live")
    press("f")
    expect(page.locator("#faults-panel")).to_be_visible()
    press("?")
    expect(page.locator("#keys")).to_be_visible()
    press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_the_focus_survives_what_is_new(page, shop):
    """Who stands on a row still stands on it when others come in."""
    shop.events("a")
    expect(page.locator(ROWS)).to_have_count(1)
    page.keyboard.press("j")
    shop.events("b")
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.get_by_role("link", name="Request 1", exact=True)).to_be_focused()


@pytest.mark.parametrize("where", ["#/requests", "#/requests/1", "#/events", "#/profiles"])
def test_every_control_has_a_name(page, shop, where):
    """Who can't see the page is told what each control is."""
    shop.events("a")
    page.goto(f"{shop.server.url}/{where}")
    page.wait_for_timeout(500)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], input")].filter((each) =>
            ![each.ariaLabel, each.textContent, each.labels?.[0]?.textContent]
              .some((name) => name?.trim())).map((each) => each.outerHTML)"""
    )
    assert nameless == []


def test_it_connects_again(browser, make):
    """An emulator that is gone is said to be; one that is there again shows what it has."""
    with running(Settings()) as server:
        port = int(server.url.rpartition(":")[2])
        server.emulator.receive(make.request())
        page = browser.new_page()
        page.goto(server.url)
        expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator("#connection")).to_contain_text("Not connected")
    with running(Settings(), port):
        expect(page.locator("#connection")).to_have_text("Live", timeout=30_000)
        expect(page.locator(ROWS)).to_have_count(0)
    page.close()


def test_a_reset_elsewhere_is_followed(page, shop):
    """What was open is closed, for it is no longer there."""
    shop.events("a")
    page.get_by_role("link", name="Request 1", exact=True).click()
    expect(page.locator("#opened")).to_be_visible()
    shop.server.emulator.reset()
    expect(page.locator("#opened")).to_be_hidden()
    expect(page.locator(ROWS)).to_have_count(0)


def test_a_profile_goes_on(page, shop, make):
    """Who looks at a profile sees what comes for it."""
    shop.events("a")
    page.goto(f"{shop.server.url}/#/profiles/email/ada@shop.org")
    expect(page.locator("#opened td.id")).to_have_text(["a"])
    shop.events("b")
    expect(page.locator("#opened td.id")).to_have_text(["a", "b"])
