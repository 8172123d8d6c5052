"""Narrow screens, dark ones, and a hundred thousand events."""

import orjson
import pytest
from playwright.sync_api import expect

from klaviyo_bulk_events.emulator import Settings, running

LONG = "x" * 200


@pytest.mark.parametrize(
    "where",
    ["#/requests", "#/requests/1", "#/requests/2", "#/events", "#/profiles", "#/profiles/email/a"],
)
def test_a_narrow_screen_is_never_scrolled_sideways(browser, shop, make, where):
    """Whatever it shows, long words too."""
    metric = {"data": {"type": "metric", "attributes": {"name": LONG[:120]}}}
    event = make.event(LONG, metric=metric, properties={LONG: LONG})
    shop.send(make.document(make.entry(event, profile={"external_id": LONG})))
    shop.send(make.document(make.entry(make.event(LONG, time=LONG))))
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(f"{shop.server.url}/{where}")
    expect(page.locator("#connection")).to_have_text("Live")
    page.locator("#list table:visible, #opened .head:visible").first.wait_for()
    page.keyboard.press("f")
    for button in page.get_by_role("button", name="Properties").all():
        button.click()
    width, inner = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    context.close()
    assert width == inner


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_can_be_read(browser, shop, scheme):
    """The system's scheme is followed, and text stands out from what is behind it."""
    shop.events("a")
    shop.events("a")
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{shop.server.url}/#/requests/2")
    page.locator(".body .marked").wait_for()
    contrasts = page.evaluate(CONTRASTS)
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    behind = page.evaluate("luminance(getComputedStyle(document.documentElement).backgroundColor)")
    context.close()
    assert dark == (scheme == "dark") == (behind < 0.5)
    assert {text: ratio for text, ratio in contrasts if ratio < 4.5} == {}


# The contrast of each text with the nearest background behind it, as WCAG counts it.
CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const channels = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  globalThis.luminance = (color) => {
    const [r, g, b] = [...channels(color)].slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] === 255) return color;
    }
  };
  return [...document.querySelectorAll("body *:not(svg *)")]
    .filter((each) => each.checkVisibility() && !each.disabled)
    .filter((each) => [...each.childNodes].some((child) => child.data?.trim()))
    .map((each) => {
      const both = [getComputedStyle(each).color, behind(each)].map(luminance).sort();
      return [each.textContent.slice(0, 40), (both[1] + 0.05) / (both[0] + 0.05)];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whatever_is_marked_can_be_read(browser, server, scheme):
    """Texts of every colour in front of the mark, and bars in front of a plot."""
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(server.url)
    page.evaluate(
        """() => document.querySelector("main").append(...["ink", "quiet", "accent", "good", "warn",
            "bad"].map((name) => {
              const text = document.createElement("p");
              text.textContent = `${name} in front of the mark`;
              text.style.color = `var(--${name})`;
              text.style.background = "var(--mark)";
              return text;
            }))"""
    )
    contrasts = {text: ratio for text, ratio in page.evaluate(CONTRASTS) if "mark" in text}
    bars, plot = page.evaluate(
        """() => [getComputedStyle(document.querySelector(".bars")).fill,
            getComputedStyle(document.querySelector("figure")).backgroundColor].map(luminance)"""
    )
    context.close()
    assert len(contrasts) == 6
    assert {text: ratio for text, ratio in contrasts.items() if ratio < 4.5} == {}
    assert (max(bars, plot) + 0.05) / (min(bars, plot) + 0.05) >= 3


@pytest.fixture
def full(make):
    """An emulator that holds a hundred thousand events."""
    with running(Settings(rates=())) as server:
        for number in range(100):
            entries = [
                make.entry(
                    *(make.event(f"{number}-{person}-{n}") for n in range(10)),
                    profile={"external_id": f"{number}-{person}"},
                )
                for person in range(100)
            ]
            request = make.request(orjson.dumps(make.document(*entries)))
            assert server.emulator.receive(request).status == 202
        yield server


def test_a_hundred_thousand_events(browser, full, make):
    """The page stays small and goes on: it holds a page of what there is, however much it is."""
    page = browser.new_page()
    page.goto(full.url)
    expect(page.locator("#totals")).to_contain_text("100,000")
    counts = {}
    for where in ("requests", "requests/100", "events", "profiles"):
        page.goto(f"{full.url}/#/{where}")
        page.locator("#view tbody tr").first.wait_for()
        page.wait_for_timeout(500)
        counts[where] = page.locator("*").count()
    assert max(counts.values()) < 5_000
    page.goto(f"{full.url}/#/events")
    expect(page.locator("#list .pager")).to_contain_text("1 to 100 of 100,000")
    page.locator("input[name=unique_id]").fill("42-99-9")
    expect(page.locator("#list tbody tr:not(.more)")).to_have_count(1)
    page.locator("input[name=unique_id]").fill("")
    for _ in range(50):
        full.emulator.receive(make.request(make.events(f"live-{_}")))
    expect(page.locator("#totals")).to_contain_text("100,050")
    expect(page.locator("#list tbody td.id").first).to_have_text("live-49")
    assert page.locator("*").count() < 5_000
    page.close()
