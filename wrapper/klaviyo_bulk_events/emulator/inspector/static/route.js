// Where one is stands in the address after #, so that it can be kept, shared, and gone back from.

export function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  const known = ["requests", "events", "profiles"].includes(view);
  return {
    view: known ? view : "requests",
    rest: rest.map(decoded),
    query: new URLSearchParams(query),
  };
}

// What somebody typed may be no code for anything: it stands for itself.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function href(view, ...rest) {
  return `#/${[view, ...rest].map(encodeURIComponent).join("/")}`;
}

export function withQuery(address, query) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return text ? `${address}?${text}` : address;
}
