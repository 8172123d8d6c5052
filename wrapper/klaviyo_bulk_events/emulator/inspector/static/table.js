// What tables have in common: heads, pages, and rows of events.

import { h } from "./dom.js";
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

export function pager(offset, total, move) {
  const last = Math.min(offset + PAGE, total);
  const text = total ? `${count(offset + 1)} to ${count(last)} of ${count(total)}` : "none";
  const back = h(
    "button",
    {
      type: "button",
      className: "back",
      disabled: offset === 0,
      onclick: () => move(Math.max(0, offset - PAGE)),
    },
    "Back",
  );
  const on = h(
    "button",
    {
      type: "button",
      className: "on",
      disabled: last >= total,
      onclick: () => move(offset + PAGE),
    },
    "Next",
  );
  return h("div", { className: "pager" }, h("span", { role: "status" }, text), back, on);
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

// A row for an event, and behind a button its properties. `last` is what stands in the last cell.
export function eventRow(row, last) {
  const more = h(
    "tr",
    { className: "more", hidden: true, role: "row" },
    h("td", { colSpan: 6, role: "cell" }, details(row)),
  );
  const toggle = h(
    "button",
    { type: "button", className: "unfold", ariaExpanded: "false", ariaLabel: "Properties" },
    "",
  );
  toggle.addEventListener("click", () => {
    more.hidden = !more.hidden;
    toggle.ariaExpanded = String(!more.hidden);
  });
  const line = h(
    "tr",
    { className: row.flaws ? "refused" : "", role: "row" },
    cell("time", toggle, instant(row.time)),
    cell("profile", profileLink(row.profile)),
    cell("metric", clipped(row.metric ?? "no metric")),
    cell("id", clipped(row.unique_id ?? "")),
    cell("value number", [row.value, row.value_currency].filter(Boolean).join(" ")),
    cell("last", last),
  );
  return [line, more];
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
