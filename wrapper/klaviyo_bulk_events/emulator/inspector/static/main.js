// Starts the page: the stream on one side, the address on the other, and what they show.

import * as controls from "./controls.js";
import { byId, h, keep, write } from "./dom.js";
import * as events from "./events.js";
import { count } from "./format.js";
import * as keys from "./keys.js";
import * as plots from "./plots.js";
import * as profiles from "./profiles.js";
import * as request from "./request.js";
import * as requests from "./requests.js";
import { href, route } from "./route.js";
import { connect, listen, state } from "./store.js";

const VIEWS = { requests, events, profiles };

let shown = null;
let openedAt = null;

function follow() {
  const { view, rest } = route();
  const mayMove = shown !== null && isAtStake();
  document.body.classList.toggle("has-opened", rest.length > 0);
  for (const link of byId("tabs").children) {
    if (link.getAttribute("href") === href(view)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (shown !== view) VIEWS[view].open(byId("list"));
  shown = view;
  requests.refresh();
  showOpened(view, rest);
  if (mayMove) moveFocus();
  openedAt = rest.length ? href(view, ...rest) : null;
}

// Whether the focus is where another view would take it from, or nowhere.
function isAtStake() {
  return document.activeElement === document.body || byId("view").contains(document.activeElement);
}

// What is opened has the focus unless a list beside it has; once it is closed, its row has it.
function moveFocus() {
  const [list, opened] = [byId("list"), byId("opened")];
  if (list.checkVisibility() && list.contains(document.activeElement)) return;
  const rows = [...list.querySelectorAll("a[href]")];
  if (!opened.hidden) opened.focus();
  else rows.find((row) => row.getAttribute("href") === openedAt)?.focus();
}

function showOpened(view, rest) {
  const opened = byId("opened");
  opened.hidden = rest.length === 0;
  if (opened.hidden || view !== "requests") request.close();
  if (opened.hidden) opened.replaceChildren();
  else if (view === "requests") request.open(opened, Number(rest[0]));
  else if (view === "profiles") profiles.openOne(opened, rest[0], rest[1] ?? "");
}

function showTotals() {
  const { requests, accepted, repeats, test_addresses, statuses, faults } = state.totals;
  const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);
  const told = Object.entries(statuses)
    .sort()
    .map(([status, number]) => `${status}: ${count(number)}`)
    .join(", ");
  const always = [
    ["Requests", requests, told],
    ["Events accepted", accepted],
  ];
  const seldom = [
    ["Repeats dropped", repeats],
    ["Test addresses dropped", test_addresses],
    ["Faults met", sum(faults)],
  ];
  const items = [...always, ...seldom.filter(([, number]) => number)];
  keep(byId("totals"), items, ([name]) => name, total);
}

function total([name, number, more]) {
  return h(
    "div",
    {},
    h("dt", {}, name),
    h("dd", {}, count(number), more ? h("small", {}, ` ${more}`) : null),
  );
}

function showConnection() {
  const status = byId("connection");
  const held = state.held ? `, ${count(state.held)} held` : "";
  const running = state.paused ? `Paused${held}` : "Live";
  write(status, state.connected ? running : "Not connected: is the emulator running?");
  status.className = state.connected ? (state.paused ? "paused" : "live") : "lost";
}

function take(news) {
  if (news.fresh && route().rest.length) location.hash = href(route().view);
  showConnection();
  showTotals();
  controls.show();
  plots.draw();
  VIEWS[shown]?.news(news);
  request.news(news);
}

controls.wire();
keys.wire();
listen(take);
window.addEventListener("hashchange", follow);
new ResizeObserver(plots.draw).observe(byId("plots"));
setInterval(() => document.hidden || plots.draw(), 1000);
follow();
connect();
