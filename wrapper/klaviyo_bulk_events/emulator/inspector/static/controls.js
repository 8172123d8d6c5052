// Pause, reset, and every fault there is.

import { attempt, control, inTurn } from "./api.js";
import { byId, h, write } from "./dom.js";
import { count, plural } from "./format.js";
import { learn, state } from "./store.js";

const HOW_OFTEN = [
  ["next", "the next request"],
  ["0.1", "1 in 10"],
  ["1", "every request"],
];
const GROUPS = [
  ["HTML answers", /^html_/],
  ["JSON answers", /^json_/],
  ["Empty answers", /^empty_/],
  ["Throttling", /^(throttled|busy)/],
  ["Single events", /^poison$/],
  ["Connection and time", /./],
];

const switching = inTurn();

let howOften = "next";

export function wire() {
  byId("pause").addEventListener("click", togglePause);
  byId("reset").addEventListener("click", askReset);
}

export const togglePause = () =>
  switching(async () =>
    learn(await control("POST", `/emulator/${state.paused ? "resume" : "pause"}`)),
  );

function askReset() {
  const dialog = byId("reset-question");
  const { accepted, requests } = state.totals;
  const kept = `${plural(accepted, "event")} and ${plural(requests, "request")}`;
  dialog.replaceChildren(
    h("h2", { id: "reset-title" }, "Forget what was received?"),
    h(
      "p",
      {},
      `${kept} are forgotten, and events that were accepted can be sent again. ` +
        "Faults that are on stay on.",
    ),
    h(
      "form",
      { method: "dialog" },
      h("button", { value: "no" }, "Keep"),
      h("button", { value: "yes", className: "danger" }, "Reset"),
    ),
  );
  dialog.onclose = () =>
    dialog.returnValue === "yes" && attempt(() => control("POST", "/emulator/reset"));
  dialog.returnValue = "";
  dialog.showModal();
}

export function show() {
  write(byId("pause"), state.paused ? "Resume" : "Pause");
  document.body.classList.toggle("paused", state.paused);
  showFaults();
}

function showFaults() {
  const panel = byId("faults-panel");
  if (panel.dataset.names !== Object.keys(state.about.faults).join()) build(panel);
  const on = [
    ...Object.entries(state.faults)
      .filter(([, share]) => share > 0)
      .map(([name, share]) => [name, `${count(share * 100)} %`]),
    ...Object.entries(state.asked).map(([name, times]) => [
      name,
      `next ${times === 1 ? "request" : count(times)}`,
    ]),
  ];
  write(byId("faults-on"), on.map(([name, often]) => `${name} (${often})`).join(", "));
  for (const button of panel.querySelectorAll("button[data-fault]")) {
    const name = button.dataset.fault;
    button.classList.toggle("on", name in state.asked || state.faults[name] > 0);
  }
  byId("faults-off").disabled = on.length === 0;
}

function build(panel) {
  panel.dataset.names = Object.keys(state.about.faults).join();
  const told = h(
    "p",
    { id: "fault-told", className: "quiet" },
    "A fault's button makes it happen.",
  );
  const tell = (event) => {
    const name = event.target.dataset?.fault;
    if (name) told.textContent = `${name}: ${state.about.faults[name]}`;
  };
  panel.replaceChildren(
    h(
      "div",
      { className: "when" },
      choice(),
      h("button", { id: "faults-off", type: "button", onclick: allOff }, "All off"),
    ),
    h("div", { className: "groups", onfocusin: tell, onpointerover: tell }, ...groups()),
    told,
  );
}

function choice() {
  const radios = HOW_OFTEN.map(([value, text]) => {
    const radio = h("input", {
      type: "radio",
      name: "how-often",
      value,
      checked: value === howOften,
    });
    radio.addEventListener("change", () => (howOften = value));
    return h("label", {}, radio, ` ${text}`);
  });
  return h("fieldset", {}, h("legend", {}, "Who meets it"), h("div", {}, ...radios));
}

function groups() {
  const left = new Set(Object.keys(state.about.faults));
  return GROUPS.map(([title, pattern]) => {
    const names = [...left].filter((name) => pattern.test(name));
    names.forEach((name) => left.delete(name));
    return h("fieldset", {}, h("legend", {}, title), h("div", {}, ...names.map(faultButton)));
  });
}

function faultButton(name) {
  return h(
    "button",
    {
      type: "button",
      "data-fault": name,
      title: state.about.faults[name],
      onclick: () => press(name),
    },
    name,
  );
}

function press(name) {
  const often = howOften;
  if (often === "next") return switching(() => control("POST", "/emulator/faults", { [name]: 1 }));
  return switching(async () =>
    learn(await control("PUT", `/inspector/faults/${name}`, Number(often))),
  );
}

const allOff = () => switching(async () => learn(await control("DELETE", "/inspector/faults")));
