// What can be done from the keyboard besides Tab and Enter.

import { togglePause } from "./controls.js";
import { byId, h } from "./dom.js";
import { href, route } from "./route.js";

const KEYS = [
  ["1 2 3", "requests, events, profiles"],
  ["j k", "next and previous row"],
  ["Enter", "open the row"],
  ["Esc", "close what is open"],
  ["/", "search"],
  ["[ ]", "page back and on"],
  ["p", "pause or resume"],
  ["f", "faults"],
  ["?", "these keys"],
];
// Where it is kept that keys of one character are off: who dictates text would press them.
const SETTING = "inspector.keys";
const FIELDS = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";

const ACTIONS = {
  1: () => (location.hash = href("requests")),
  2: () => (location.hash = href("events")),
  3: () => (location.hash = href("profiles")),
  j: () => step(1),
  k: () => step(-1),
  "/": () =>
    document
      .querySelector("#opened:not([hidden]) input[type=search], #list input[type=search]")
      ?.focus(),
  "[": () => document.querySelector("#list .pager .back:enabled")?.click(),
  "]": () => document.querySelector("#list .pager .on:enabled")?.click(),
  p: togglePause,
  f: openFaults,
  "?": showKeys,
  Escape: () => route().rest.length && (location.hash = href(route().view)),
};

export function wire() {
  document.addEventListener("keydown", press);
  byId("help").addEventListener("click", showKeys);
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"))
    return;
  if (event.target.closest(FIELDS)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key !== "Escape" && !areOn()) return;
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

// A browser may keep nothing, and say so by throwing.
function areOn() {
  try {
    return localStorage.getItem(SETTING) !== "off";
  } catch {
    return true;
  }
}

function putOn(on) {
  try {
    localStorage.setItem(SETTING, on ? "on" : "off");
  } catch {
    // They stay on.
  }
}

function step(by) {
  const links = [...document.querySelectorAll("#list tbody tr:not(.more) a[href]:first-of-type")];
  const rows = new Map(links.map((link) => [link.closest("tr"), link]));
  const all = [...rows.keys()];
  const from = all.indexOf(document.activeElement?.closest?.("#list tbody tr") ?? null);
  const to = from < 0 ? 0 : Math.min(Math.max(from + by, 0), all.length - 1);
  rows.get(all[to])?.focus();
}

function openFaults() {
  byId("faults").open = true;
  document.querySelector("#faults-panel input, #faults-panel button")?.focus();
}

function showKeys() {
  const pairs = KEYS.flatMap(([key, text]) => [
    h("dt", {}, ...key.split(" ").map((each) => h("kbd", {}, each))),
    h("dd", {}, text),
  ]);
  const on = h("input", { type: "checkbox", checked: areOn() });
  on.addEventListener("change", () => {
    putOn(on.checked);
    on.checked = areOn();
  });
  const setting = h("label", { className: "setting" }, on, " Keys of one character work");
  const close = h("form", { method: "dialog" }, h("button", { autofocus: true }, "Close"));
  byId("keys").replaceChildren(
    h("h2", { id: "keys-title" }, "Keys"),
    h("dl", {}, ...pairs),
    setting,
    close,
  );
  byId("keys").showModal();
}
