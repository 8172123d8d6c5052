// A request's body as a tree. What is folded is fetched when it is opened.

import { attempt, get } from "./api.js";
import { h } from "./dom.js";
import { count } from "./format.js";

const PAGE = 100;

// The body with what a pointer names marked, or, without one, its first levels.
export async function tree(number, pointer) {
  const query =
    pointer === undefined ? { at: "/data/attributes/events-bulk-create/data" } : { mark: pointer };
  // An empty pointer is the whole body, which `get` would leave out of the address.
  const found = await get(`requests/${number}/body${pointer === "" ? "?mark=" : ""}`, query);
  if (!found) return h("p", { className: "empty" }, "The body is no longer kept.");
  if (found.text !== undefined) return unreadable(found);
  const note = found.exact
    ? null
    : h(
        "p",
        { className: "quiet" },
        `There is nothing at ${pointer}; marked is what comes nearest.`,
      );
  return h("div", { className: "tree" }, note, node(number, found.tree));
}

function unreadable({ text, reached }) {
  if (reached === null) return h("pre", {}, text);
  // The place is counted in characters, of which JavaScript takes some for two.
  const characters = [...text];
  const mark = h("mark", { className: "marked" }, characters[reached] ?? "end of the body");
  const [before, after] = [characters.slice(0, reached), characters.slice(reached + 1)];
  return h("pre", { className: "tree" }, before.join(""), mark, after.join(""));
}

function node(number, data) {
  const key = data.key === null ? [] : [h("span", { className: "key" }, data.key), ": "];
  if (data.kind !== "dict" && data.kind !== "list") {
    const value = h("span", { className: `value ${data.kind}` }, data.text);
    return h(
      "div",
      { className: data.marked ? "leaf marked" : "leaf", tabIndex: data.marked ? -1 : undefined },
      ...key,
      value,
    );
  }
  return folder(number, data, key);
}

function folder(number, data, key) {
  const size = data.kind === "dict" ? `{ ${count(data.size)} }` : `[ ${count(data.size)} ]`;
  const children = h("div", { className: "children" });
  const element = h(
    "details",
    { className: data.marked ? "marked" : "", open: Boolean(data.children) },
    h("summary", {}, ...key, h("span", { className: "size" }, size)),
    children,
  );
  if (data.children) fill(number, children, data);
  element.addEventListener("toggle", () => {
    if (element.open && !children.childNodes.length) turn(number, children, data, 0);
  });
  return element;
}

async function turn(number, children, data, offset) {
  const found = await attempt(() => get(`requests/${number}/body`, { at: data.at, offset }));
  if (found) fill(number, children, found.tree);
}

function fill(number, children, data) {
  const end = data.offset + data.children.length;
  const step = (text, offset) =>
    h(
      "button",
      { type: "button", className: "step", onclick: () => turn(number, children, data, offset) },
      text,
    );
  const before =
    data.offset > 0 ? [step(`${count(data.offset)} before`, Math.max(0, data.offset - PAGE))] : [];
  const after = end < data.size ? [step(`${count(data.size - end)} more`, end)] : [];
  children.replaceChildren(
    ...before,
    ...data.children.map((child) => node(number, child)),
    ...after,
  );
}
