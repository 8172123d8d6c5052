// All accepted events that are still kept, newest first.

import { get, seldom } from "./api.js";
import { h } from "./dom.js";
import { href, route, withQuery } from "./route.js";
import { eventHeads, eventRow, pager, searchFields, table } from "./table.js";
import { state } from "./store.js";

const NAMES = ["profile", "metric", "unique_id"];

const here = { query: {}, offset: 0 };
let parts = null;

export function open(list) {
  const asked = route().query;
  Object.assign(here, {
    query: Object.fromEntries(NAMES.map((name) => [name, asked.get(name) ?? ""])),
    offset: 0,
  });
  const body = h("tbody", {});
  const search = searchFields(NAMES, here.query, (query) => {
    Object.assign(here, { query, offset: 0 });
    history.replaceState(null, "", withQuery(href("events"), query));
    load.now();
  });
  parts = { body, place: h("div", {}), accepted: -1 };
  list.replaceChildren(
    search,
    parts.place,
    h("div", { className: "scroll" }, table("Events", eventHeads("Request"), body, "events")),
  );
  load.now();
}

// New events are shown while somebody looks at the newest, and nothing is unfolded.
export function news({ whole }) {
  if (!parts?.body.isConnected || (!whole && parts.accepted === state.totals.accepted)) return;
  if (whole || (here.offset === 0 && !parts.body.querySelector("tr.more:not([hidden])"))) load();
}

const load = seldom(async () => {
  const { query, offset } = here;
  const accepted = state.totals.accepted;
  const found = await get("events", { ...query, offset });
  parts.accepted = accepted;
  const link = (row) => h("a", { href: href("requests", row.request) }, String(row.request));
  parts.body.replaceChildren(...found.rows.flatMap((row) => eventRow(row, link(row))));
  parts.place.replaceChildren(
    pager(offset, found.total, (moved) => ((here.offset = moved), load.now())),
  );
}, 250);
