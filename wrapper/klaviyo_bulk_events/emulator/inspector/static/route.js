// Where one is stands in the address after #, so that it can be kept, shared, and gone back from.

export function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  const known = ["requests", "events", "profiles"].includes(view);
  return {
    view: known ? view : "requests",
    rest: rest.map(decodeURIComponent),
    query: new URLSearchParams(query),
  };
}

export function href(view, ...rest) {
  return `#/${[view, ...rest].map(encodeURIComponent).join("/")}`;
}

export function withQuery(address, query) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return text ? `${address}?${text}` : address;
}
