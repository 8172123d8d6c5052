// The profiles, by how many events they have; and one profile's events in their order.

import { get, latest, seldom } from "./api.js";
import { h, keep } from "./dom.js";
import { instant } from "./format.js";
import { href } from "./route.js";
import {
  cell,
  counted,
  eventHeads,
  isUnfolded,
  pager,
  searchFields,
  showEvents,
  table,
} from "./table.js";
import { state } from "./store.js";

const HEADS = [["Profile"], ["Known by"], ["Events", "number"], ["First", "first"], ["Last"]];

const here = { profile: "", offset: 0 };
const opening = latest();
let parts = null;
let one = null;

export function open(list) {
  here.offset = 0;
  const body = h("tbody", {});
  const search = searchFields(
    ["profile"],
    here,
    ({ profile }) => (Object.assign(here, { profile, offset: 0 }), load.now()),
  );
  const pages = pager((offset) => ((here.offset = offset), load.now()));
  parts = { body, pages, accepted: -1 };
  list.replaceChildren(search, pages.element, table("Profiles", HEADS, body, "profiles"));
  load.now();
}

export function news({ whole }) {
  if (!parts?.body.isConnected) return;
  if (!whole && parts.accepted === state.totals.accepted) return;
  if (whole || here.offset === 0) load();
  if (one?.body.isConnected && one.offset === 0 && !isUnfolded(one.body)) one.want();
}

const load = seldom(async () => {
  parts.accepted = state.totals.accepted;
  const { profile, offset } = here;
  const found = await get("profiles", { profile, offset });
  keep(parts.body, found.rows, (row) => `${row.name} ${row.value}`, line);
  parts.pages.show(offset, found.total, offset === 0 && !profile);
}, 250);

function line(row) {
  return h(
    "tr",
    { role: "row" },
    cell(
      "profile",
      h("a", { href: href("profiles", row.name, row.value) }, row.value),
      h("small", {}, row.others.map((other) => ` ${other}`).join("")),
    ),
    cell("known quiet", row.name),
    counted("number", row.events, "event"),
    cell("time first", instant(row.first)),
    cell("time last-time", instant(row.last)),
  );
}

export async function openOne(opened, name, value) {
  const body = h("tbody", {});
  const load = async (offset) => {
    const found = await opening(() => get("profiles/events", { name, value, offset }));
    if (!found) return;
    one.offset = offset;
    showEvents(body, found.rows);
    pages.show(offset, found.total, offset === 0);
  };
  const pages = pager(load);
  const close = h("a", { href: href("profiles"), className: "close", ariaLabel: "Close" }, "Close");
  const head = h(
    "div",
    { className: "head" },
    h("h2", { id: "opened-title" }, value),
    h("span", { className: "quiet" }, name),
    close,
  );
  opened.replaceChildren(
    head,
    pages.element,
    h(
      "div",
      { className: "scroll" },
      table("Events of the profile, by their time", eventHeads("Request"), body, "events of-one"),
    ),
  );
  one = { body, offset: 0, want: seldom(() => load(0), 250) };
  await load(0);
}
