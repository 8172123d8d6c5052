// What tables have in common: heads, pages, and rows of events.

import { h, keep, write } from "./dom.js";
import { count, instant } from "./format.js";
import { href } from "./route.js";

export const PAGE = 100;

export function table(label, heads, body, kind) {
  const cells = heads.map(([text, className]) =>
    h("th", { scope: "col", className: className ?? "" }, text),
  );
  const head = h("thead", {}, h("tr", { role: "row" }, ...cells));
  return h("table", { ariaLabel: label, className: kind, role: "table" }, head, body);
}

export const cell = (className, ...children) => h("td", { className, role: "cell" }, ...children);

// A number whose unit is shown where there is no head to tell it, on narrow screens.
export function counted(className, number, unit) {
  const element = cell(className, number === null ? "–" : count(number));
  element.dataset.unit = number === 1 ? unit : `${unit}s`;
  return element;
}

// Buttons for pages; `show` says where one is. What changes by itself (`live`) is not read out.
export function pager(move) {
  let offset = 0;
  const step = (className, text, by) =>
    h(
      "button",
      { type: "button", className, disabled: true, onclick: () => move(Math.max(0, offset + by)) },
      text,
    );
  const range = h("span", { className: "range", role: "status" });
  const [back, on] = [step("back", "Back", -PAGE), step("on", "Next", PAGE)];
  function show(now, total, live = false) {
    offset = now;
    const last = Math.min(offset + PAGE, total);
    if (live) range.removeAttribute("role");
    else range.setAttribute("role", "status");
    write(
      range,
      total ? `${count(offset + 1)} to ${count(last)} of ${count(total)}` : "none",
    );
    back.disabled = offset === 0;
    on.disabled = last >= total;
  }
  return { element: h("div", { className: "pager" }, range, back, on), show };
}

export function searchFields(names, values, changed) {
  let timer;
  const form = h("form", {
    className: "search",
    role: "search",
    onsubmit: (event) => event.preventDefault(),
  });
  const given = () =>
    Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
  form.append(
    ...names.map((name) => {
      const input = h("input", {
        type: "search",
        name,
        value: values[name] ?? "",
        spellcheck: false,
        autocomplete: "off",
      });
      return h("label", {}, h("span", {}, name), input);
    }),
  );
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => changed(given()), 150);
  });
  return form;
}

// Shows accepted events, each with a link to the request that brought it.
export function showEvents(body, rows) {
  const link = (row) => h("a", { href: href("requests", row.request) }, String(row.request));
  const key = ({ request, profile, metric, unique_id, time }) =>
    JSON.stringify([request, profile, metric, unique_id, time]);
  keep(body, rows, key, (row) => eventRow(row, link(row)));
}

// Whether the properties of an event are to be seen, which news would take away.
export const isUnfolded = (body) => body.querySelector("tr.more") !== null;

// A row for an event, and behind a button its properties. `last` is what stands in the last cell.
export function eventRow(row, last) {
  const more = h(
    "tr",
    { className: "more", role: "row" },
    h("td", { colSpan: 6, role: "cell" }, details(row)),
  );
  const toggle = h(
    "button",
    { type: "button", className: "unfold", ariaExpanded: "false", ariaLabel: "Properties" },
    "",
  );
  toggle.addEventListener("click", () => {
    if (more.isConnected) more.remove();
    else toggle.closest("tr").after(more);
    toggle.ariaExpanded = String(more.isConnected);
  });
  return h(
    "tr",
    { className: row.flaws ? "refused" : "", role: "row" },
    cell("time", toggle, instant(row.time)),
    cell("profile", profileLink(row.profile)),
    cell("metric", clipped(row.metric ?? "no metric")),
    cell("id", clipped(row.unique_id ?? "")),
    cell("value number", [row.value, row.value_currency].filter(Boolean).join(" ")),
    cell("last", last),
  );
}

export const eventHeads = (last) => [
  ["Time", "time"],
  ["Profile", "profile"],
  ["Metric"],
  ["unique_id"],
  ["Value", "number"],
  [last],
];

function profileLink(profile) {
  const [first] = Object.entries(profile);
  return first ? h("a", { href: href("profiles", ...first) }, first[1]) : "no identifier";
}

const clipped = (text) => h("span", { title: text }, text);

function details(row) {
  const profile = Object.entries(row.profile).map(([name, value]) => `${name}: ${value}`);
  const flow = row.backfill ? "backfill: fires no flow" : "no backfill: fires flows";
  const id = row.unique_id === null ? "no unique_id" : `unique_id: ${row.unique_id}`;
  return [
    h("p", { className: "quiet" }, [...profile, id, flow].join(" · ")),
    h("pre", {}, row.properties),
  ];
}
