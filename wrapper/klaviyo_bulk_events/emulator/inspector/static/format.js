// Numbers, sizes and times as text.

export const count = (number) => number.toLocaleString("en");

export const plural = (number, one, many = `${one}s`) =>
  `${count(number)} ${number === 1 ? one : many}`;

export function bytes(number) {
  if (number < 1000) return `${number} B`;
  const [size, unit] = number < 1e6 ? [number / 1e3, "kB"] : [number / 1e6, "MB"];
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

const two = (number) => String(number).padStart(2, "0");

// A moment in Unix seconds, as local time to the millisecond.
export function clock(seconds, fraction = true) {
  const date = new Date(seconds * 1000);
  const text = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return fraction ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

// An ISO time as it is read: in UTC, as the endpoint keeps it.
export const instant = (text) => (text ?? "").replace("T", " ").replace("+00:00", "Z");
