// All accepted events that are still kept, newest first.

import { get, seldom } from "./api.js";
import { h } from "./dom.js";
import { href, route, withQuery } from "./route.js";
import { eventHeads, isUnfolded, pager, searchFields, showEvents, table } from "./table.js";
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
  const pages = pager((offset) => ((here.offset = offset), load.now()));
  parts = { body, pages, accepted: -1 };
  list.replaceChildren(
    search,
    pages.element,
    h("div", { className: "scroll" }, table("Events", eventHeads("Request"), body, "events")),
  );
  load.now();
}

// New events are shown while somebody looks at the newest, and nothing is unfolded.
export function news({ whole }) {
  if (!parts?.body.isConnected || (!whole && parts.accepted === state.totals.accepted)) return;
  if (whole || (here.offset === 0 && !isUnfolded(parts.body))) load();
}

const load = seldom(async () => {
  const { query, offset } = here;
  const accepted = state.totals.accepted;
  const found = await get("events", { ...query, offset });
  parts.accepted = accepted;
  showEvents(parts.body, found.rows);
  const isLive = offset === 0 && !Object.values(query).some(Boolean);
  parts.pages.show(offset, found.total, isLive);
}, 250);
