// The last five minutes: for each rate limit the requests in its windows, and the events accepted.

import { byId, h, set, svg, write } from "./dom.js";
import { clock, count } from "./format.js";
import { now, state } from "./store.js";

const REACH = 300;
// Above the highest bar, for its number and the marks.
const HEADROOM = 14;
const LEGEND_WORDS = { 1: "second", 60: "minute", 3600: "hour" };

let strips = [];

export function draw() {
  const wanted = [
    ...(state.about.rates.length ? state.about.rates.map(rateStrip) : [requestStrip()]),
    eventStrip(),
  ];
  if (wanted.map((strip) => strip.title).join() !== strips.map((strip) => strip.title).join())
    build(wanted);
  const time = now();
  wanted.forEach((wish, i) => fill(strips[i], wish, time));
}

function rateStrip(rate, i) {
  const bars = [...(state.windows[i] ?? new Map())].map(([start, number]) => [
    start,
    rate.seconds,
    number,
  ]);
  const time = now();
  const current = bars.find(([start]) => start <= time && time < start + rate.seconds)?.[2] ?? 0;
  const unit = LEGEND_WORDS[rate.seconds] ?? `${rate.seconds} s`;
  return {
    title: `Requests in the current ${unit}`,
    value: `${count(current)} of ${count(rate.limit)}`,
    full: current >= rate.limit,
    limit: rate.limit,
    bars,
    marks: throttled(),
    name: (number) => `${count(number)} of ${count(rate.limit)}`,
  };
}

function requestStrip() {
  const bars = [...state.seconds].map(([at, [requests]]) => [at, 1, requests]);
  return perSecond("Requests a second", bars, throttled(), "requests");
}

function eventStrip() {
  const bars = [...state.seconds].map(([at, [, , accepted]]) => [at, 1, accepted]);
  return perSecond("Events accepted a second", bars, [], "events");
}

function perSecond(title, bars, marks, what) {
  const second = Math.floor(now());
  const current =
    bars.find(([at]) => at === second)?.[2] ?? bars.find(([at]) => at === second - 1)?.[2] ?? 0;
  return {
    title,
    value: count(current),
    limit: 0,
    bars,
    marks,
    name: (number) => `${count(number)} ${what}`,
  };
}

const throttled = () => [...state.seconds].filter(([, [, refused]]) => refused).map(([at]) => at);

function build(wanted) {
  strips = wanted.map(({ title, limit }) => strip(title, limit));
  byId("plots").replaceChildren(...strips.map((each) => each.figure));
}

function strip(title, limit) {
  const value = h("span", { className: "value" });
  const bars = svg("path", { class: "bars" });
  const marks = svg("path", { class: "marks" });
  const line = svg("line", { class: "limit", visibility: limit ? "visible" : "hidden" });
  const top = svg("text", { class: "scale", x: 2, y: HEADROOM - 4 });
  const minutes = svg("path", { class: "minutes" });
  const picture = svg("svg", { role: "img" }, minutes, bars, marks, line, top);
  const axis = h(
    "div",
    { className: "axis", ariaHidden: "true" },
    ...["5 min ago", "4", "3", "2", "1", "now"].map((text) => h("span", {}, text)),
  );
  const figure = h("figure", {}, h("figcaption", {}, h("span", {}, title), value), picture, axis);
  const made = { title, value, bars, marks, line, top, minutes, picture, figure, pointed: null };
  picture.addEventListener("pointermove", (event) => point(made, event));
  picture.addEventListener("pointerleave", () => Object.assign(made, { pointed: null }));
  return made;
}

function point(made, event) {
  const box = made.picture.getBoundingClientRect();
  made.pointed = (event.clientX - box.left) / box.width;
  draw();
}

function fill(made, wish, time) {
  const { clientWidth: width, clientHeight: height } = made.picture;
  const highest = Math.max(wish.limit, ...wish.bars.map(([, , number]) => number), 1);
  const x = (moment) => ((moment - time + REACH) / REACH) * width;
  const y = (number) => height - (number / highest) * (height - HEADROOM);
  const path = (items, each) => ({ d: items.map(each).join("") });
  set(
    made.bars,
    path(wish.bars, (bar) => barPath(bar, x, y, width, height)),
  );
  set(
    made.marks,
    path(wish.marks, (at) => `M${x(at + 0.5) - 1.5} 0h3v5h-3z`),
  );
  set(
    made.minutes,
    path([1, 2, 3, 4], (i) => `M${(i * width) / 5} ${HEADROOM}V${height}`),
  );
  set(made.line, { x1: 0, x2: width, y1: y(wish.limit), y2: y(wish.limit) });
  write(made.top, wish.bars.length || wish.limit ? count(highest) : "");
  write(made.value, reading(made, wish, time) ?? wish.value);
  made.value.classList.toggle("full", Boolean(wish.full));
  made.picture.setAttribute("aria-label", `${wish.title}: ${wish.value}`);
}

function barPath([start, length, number], x, y, width, height) {
  if (!number) return "";
  const left = Math.max(0, x(start));
  const right = Math.min(width, x(start + length));
  const gap = right - left > 4 ? 1 : 0;
  if (right <= left) return "";
  const end = Math.max(right - gap, left + 0.8);
  const [a, b, top] = [left, end, y(number)].map((each) => each.toFixed(1));
  return `M${a} ${height}V${top}H${b}V${height}z`;
}

function reading(made, wish, time) {
  if (made.pointed === null) return null;
  const moment = time - REACH + made.pointed * REACH;
  const bar = wish.bars.find(([start, length]) => start <= moment && moment < start + length);
  return `${clock(moment, false)} · ${wish.name(bar?.[2] ?? 0)}`;
}
