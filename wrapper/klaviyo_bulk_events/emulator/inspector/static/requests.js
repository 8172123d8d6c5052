// The list of requests, newest first: live on its first page.

import { get, seldom } from "./api.js";
import { h, keep, write } from "./dom.js";
import { bytes, clock, plural } from "./format.js";
import { href, route } from "./route.js";
import { fillUp, isFilled, oldest, state } from "./store.js";
import { cell, counted, table } from "./table.js";

const HEADS = [
  ["", "number"],
  ["Arrived"],
  ["Status"],
  ["Fault"],
  ["Profiles", "number"],
  ["Events", "number"],
  ["Size", "number"],
];

// `pages` holds the numbers that the pages before this one began after; on the first it is empty.
const here = { pages: [], troubled: false, rows: [], more: false };
const isLive = () => here.pages.length === 0;
const isOfAll = () => isLive() && !here.troubled;
// What the stream tells is all that there is to show; anything else is asked for.
const isStreamed = () => isOfAll() && isFilled();

let parts = null;

export function open(list) {
  const body = h("tbody", {});
  const troubled = h("input", { type: "checkbox", checked: here.troubled });
  troubled.addEventListener("change", () => go([], troubled.checked));
  const status = h("span", { className: "range" });
  const newer = h(
    "button",
    { type: "button", className: "back", onclick: () => go(here.pages.slice(0, -1)) },
    "Newer",
  );
  const older = h(
    "button",
    {
      type: "button",
      className: "on",
      onclick: () => go([...here.pages, here.rows.at(-1).number]),
    },
    "Older",
  );
  const bar = h(
    "div",
    { className: "pager" },
    h("label", {}, troubled, " refused or with a fault"),
    status,
    newer,
    older,
  );
  parts = { body, status, newer, older, empty: h("p", { className: "empty", hidden: true }) };
  list.replaceChildren(bar, table("Requests", HEADS, body, "requests"), parts.empty);
  show();
  if (!isStreamed()) load.now();
}

export function news({ whole, fresh, requests }) {
  if (fresh) here.pages = [];
  if (!parts?.body.isConnected) return;
  if (isStreamed()) show();
  else if (whole || isOfAll() || (here.troubled && requests.some(isTroubled))) load();
}

const isTroubled = (row) => row.status !== 202 || row.fault;

function go(pages, troubled = here.troubled) {
  Object.assign(here, { pages, troubled, rows: [] });
  load.now();
}

const load = seldom(async () => {
  const query = { before: here.pages.at(-1), troubled: here.troubled ? "1" : undefined };
  const { started } = state;
  const { rows, more } = await get("requests", query);
  if (started !== state.started) return;
  if (isOfAll()) fillUp(rows);
  Object.assign(here, { rows, more });
  show();
}, 500);

function show() {
  const live = isStreamed();
  const rows = live ? state.requests : here.rows;
  if (live) Object.assign(here, { rows, more: (rows.at(-1)?.number ?? 0) > oldest() });
  const selected = Number(route().rest[0]);
  keep(
    parts.body,
    rows.map((row) => ({ ...row, selected: row.number === selected })),
    (row) => row.number,
    line,
  );
  const range = rows.length ? `${rows.at(-1).number} to ${rows[0].number}` : "";
  write(parts.status, range && isLive() ? `${range}, live` : range);
  parts.newer.disabled = isLive();
  parts.older.disabled = !here.more;
  parts.empty.hidden = rows.length > 0;
  parts.empty.textContent = here.troubled
    ? "No request was refused or met a fault."
    : "Nothing was sent yet. KLAVIYO_BASE_URL is this page's address, and any key is good " +
      "unless one was set.";
}

export const refresh = () => parts?.body.isConnected && show();

function line(row) {
  return h(
    "tr",
    { className: row.selected ? "selected" : "", role: "row" },
    cell(
      "number",
      h(
        "a",
        { href: href("requests", row.number), ariaLabel: `Request ${row.number}` },
        String(row.number),
      ),
    ),
    cell("time", clock(row.arrived)),
    cell("status", badge(row)),
    cell("fault", row.fault ?? ""),
    counted("number entries", row.entries, "profile"),
    counted("number events", row.events, "event"),
    cell("number size", bytes(row.bytes)),
  );
}

export function badge(row) {
  const flaws = row.flaws ? ` · ${plural(row.flaws, "error")}` : "";
  return h(
    "span",
    { className: `badge ${tone(row.status)}` },
    `${row.status ?? "none"}`,
    h("small", {}, flaws),
  );
}

function tone(status) {
  if (status === 202) return "good";
  return status === null || status >= 500 || status === 429 ? "warn" : "bad";
}
