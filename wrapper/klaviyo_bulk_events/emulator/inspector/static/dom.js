// Elements. Whatever is shown goes in as text, never as markup: an event may hold any string.

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== "list") element[name] = value;
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

export const byId = (id) => document.getElementById(id);

// Writes a text where it is another than before: what is written is read out, and mostly is as it was.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const shown = new WeakMap();

// Makes the children of a parent those of `items`, and leaves alone what is there already and is as
// it was: what has the focus keeps it.
export function keep(parent, items, keyOf, make) {
  const wanted = new Set(items.map((item) => String(keyOf(item))));
  for (const child of [...parent.children]) if (!wanted.delete(child.dataset.key)) child.remove();
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const text = JSON.stringify(item);
    let child = known.get(key);
    known.delete(key);
    if (child && shown.get(child) !== text) child = renewed(child, make(item));
    child ??= make(item);
    child.dataset.key = key;
    shown.set(child, text);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const child of known.values()) child.remove();
}

function renewed(old, fresh) {
  const focused = old.contains(document.activeElement);
  old.replaceChildren(...fresh.childNodes);
  old.className = fresh.className;
  if (focused) old.querySelector("a, button")?.focus();
  return old;
}
