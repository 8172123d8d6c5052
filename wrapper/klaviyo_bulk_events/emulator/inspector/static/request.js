// One request: what became of it, its errors, its events, its body, and what was answered.

import { attempt, get, latest, seldom } from "./api.js";
import { tree } from "./body.js";
import { h } from "./dom.js";
import { bytes, clock, count, plural } from "./format.js";
import { badge } from "./requests.js";
import { href } from "./route.js";
import { eventHeads, eventRow, pager, searchFields, table } from "./table.js";

const NAMES = ["profile", "metric", "unique_id"];
const GONE = "Its body is no longer kept: there is room for the newest only.";

const opening = latest();
const marking = latest();

// What is open: its number, its panel, and what was last known of it; `null` where nothing is.
let here = { number: null, opened: null, found: null };

export async function open(opened, number) {
  here = { number, opened, found: null };
  const found = await opening(() => get(`requests/${number}`));
  if (found === undefined) return;
  here.found = found;
  if (!found) {
    opened.replaceChildren(head(number), empty("This request is no longer kept, or never came."));
    return;
  }
  const body = h("div", { className: "body" });
  const mark = (pointer, focus) => showBody(body, number, pointer, focus);
  const sections = found.headers ? said(found, number, body, mark) : [empty(GONE)];
  opened.replaceChildren(head(number), facts(found), ...sections);
  opened.scrollTop = 0;
  if (found.headers) await mark(found.flaws?.find((flaw) => flaw.pointer !== null)?.pointer, false);
}

export function close() {
  here = { number: null, opened: null, found: null };
}

// A request that nobody answered may be processed later: what came of it is shown then.
export function news({ requests }) {
  const row = requests.find(({ number }) => number === here.number);
  if (row && here.opened && becameOf(row) !== becameOf(here.found?.row)) renew();
}

const becameOf = (row) =>
  row && JSON.stringify([row.status, row.processed, row.accepted, row.flaws]);

const renew = seldom(async () => {
  const { number, opened, found: before } = here;
  const found = number === null ? null : await get(`requests/${number}`);
  if (!found || number !== here.number) return;
  // What somebody reads stays as it is, as far as it can.
  const isSaid = before?.headers && before.flaws.length === found.flaws?.length;
  if (!isSaid) return open(opened, number);
  here.found = found;
  opened.querySelector(".facts").replaceWith(facts(found));
}, 250);

const empty = (text) => h("p", { className: "empty" }, text);

function head(number) {
  return h(
    "div",
    { className: "head" },
    h("h2", { id: "opened-title" }, `Request ${number}`),
    h(
      "a",
      { href: href("requests", number - 1), className: "step", hidden: number <= 1 },
      "Earlier",
    ),
    h("a", { href: href("requests", number + 1), className: "step" }, "Later"),
    h("a", { href: href("requests"), className: "close", ariaLabel: "Close" }, "Close"),
  );
}

function facts({ row, fault }) {
  const pairs = [
    ["Arrived", clock(row.arrived)],
    ["Status", badge(row)],
    ["Fault", row.fault && `${row.fault}: ${fault}`],
    ["Processed", processed(row)],
    ["Contents", contents(row)],
    ["Accepted", row.processed === 202 ? accepted(row) : null],
    ["Size", bytes(row.bytes)],
  ];
  const known = pairs.filter(([, value]) => value);
  return h(
    "dl",
    { className: "facts" },
    ...known.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

function contents({ entries, events }) {
  return events === null ? null : `${plural(entries, "profile")}, ${plural(events, "event")}`;
}

function processed(row) {
  if (row.processed === null) return "no: its body was not looked at";
  if (row.processed === row.status) return null;
  return `yes, it came to ${row.processed}, which its client was not told`;
}

function accepted(row) {
  const dropped = [
    row.repeats ? `${plural(row.repeats, "repeat")} dropped` : "",
    row.test_addresses ? `${count(row.test_addresses)} dropped for a test address` : "",
  ];
  return [plural(row.accepted, "event"), ...dropped.filter(Boolean)].join(", ");
}

function said(found, number, body, mark) {
  const raw = h("a", { href: `/inspector/requests/${number}/raw`, download: "" }, "download");
  const bodySection = h("section", {}, h("h3", {}, "Body ", h("small", {}, raw)), body);
  const eventSection = section("Events", events(number, mark));
  return [
    ...(found.flaws.length
      ? [section("Errors", errors(found, number, mark)), bodySection, eventSection]
      : [eventSection, bodySection]),
    section("Answer", answer(found.reply)),
    section("Request headers", h("pre", {}, headerText(found.headers))),
  ];
}

const section = (title, ...children) => h("section", {}, h("h3", {}, title), ...children);

function errors(found, number, mark) {
  const list = h("ol", { className: "errors" }, ...found.flaws.map((flaw) => error(flaw, mark)));
  const pages = pager(async (offset) => {
    const page = await attempt(() => get(`requests/${number}`, { offset }));
    if (page?.flaws) list.replaceChildren(...page.flaws.map((flaw) => error(flaw, mark)));
    pages.show(offset, found.row.flaws);
  });
  pages.show(0, found.row.flaws);
  return found.row.flaws > found.flaws.length ? [list, pages.element] : [list];
}

function error({ code, detail, pointer, parameter }, mark) {
  const where =
    pointer === null
      ? h("span", { className: "quiet" }, parameter ? `header ${parameter}` : "names no place")
      : pointerButton(pointer, mark);
  return h("li", {}, h("span", { className: "code" }, code), " ", detail, " ", where);
}

function pointerButton(pointer, mark) {
  return h(
    "button",
    { type: "button", className: "pointer", onclick: () => mark(pointer) },
    pointer || "the whole body",
  );
}

function events(number, mark) {
  const body = h("tbody", {});
  let query = {};
  const searching = latest();
  const load = async (offset) => {
    const found = await searching(() => get(`requests/${number}/events`, { ...query, offset }));
    if (!found) return;
    const show = (row) =>
      h(
        "button",
        { type: "button", className: "pointer", onclick: () => mark(row.at) },
        row.flaws ? plural(row.flaws, "error") : "in the body",
      );
    body.replaceChildren(...found.rows.map((row) => eventRow(row, show(row))));
    pages.show(offset, found.total);
  };
  const pages = pager(load);
  load(0);
  const search = searchFields(NAMES, query, (values) => ((query = values), load(0)));
  return [
    search,
    h(
      "div",
      { className: "scroll" },
      table("Events of the request", eventHeads("Place"), body, "events"),
    ),
    pages.element,
  ];
}

async function showBody(body, number, pointer, focus = true) {
  const shown = await marking(() => tree(number, pointer));
  if (!shown) return;
  body.replaceChildren(shown);
  const marked = shown.querySelector(".marked");
  if (!marked) return;
  body.scrollTop +=
    marked.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight / 3;
  if (!focus) return;
  body.closest("section").scrollIntoView({ block: "nearest" });
  (marked.querySelector("summary") ?? marked).focus({ preventScroll: true });
}

function answer(reply) {
  if (!reply) {
    return h("p", { className: "quiet" }, "None: the connection was broken off or kept silent.");
  }
  const parts = [`HTTP ${reply.status}`, headerText(reply.headers), "", pretty(reply.body)];
  return h("pre", {}, parts.join("\n").trimEnd());
}

const headerText = (headers) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
