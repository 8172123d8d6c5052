// What the page asks of the emulator.

import { byId } from "./dom.js";

export async function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined);
  const asked = new URLSearchParams(given).toString();
  const answer = await fetch(`/inspector/${path}${asked ? `?${asked}` : ""}`);
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`The emulator answered ${answer.status}`);
  return answer.json();
}

export async function control(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error((await answer.json()).error ?? `Answered ${answer.status}`);
  return answer.json();
}

// Runs what may fail because the emulator is gone, and says so.
export async function attempt(action) {
  try {
    const result = await action();
    byId("problem").hidden = true;
    return result;
  } catch (error) {
    byId("problem").textContent = `That didn't work: ${error.message}`;
    byId("problem").hidden = false;
    return undefined;
  }
}

// Does one thing after the other: each knows what came of those before it.
export function inTurn() {
  let last = Promise.resolve();
  return (action) => (last = last.then(() => attempt(action)));
}

// Like `attempt`, but of what is asked one after the other only the last is answered: an earlier
// answer may come later, and is nothing then.
export function latest() {
  let asked = 0;
  return async function ask(action) {
    const mine = ++asked;
    const result = await attempt(action);
    return mine === asked ? result : undefined;
  };
}

// Does an action whenever it is wanted, but again only after so many milliseconds, and never twice
// at once. What takes long is done less often: the emulator has other things to do. `now` is for
// what somebody asked for, and doesn't wait.
export function seldom(action, milliseconds) {
  let timer = null;
  let running = false;
  let next = null;
  let free = 0;
  async function run() {
    [timer, running] = [null, true];
    const started = performance.now();
    await attempt(action);
    const ended = performance.now();
    free = ended + Math.max(milliseconds, 10 * (ended - started));
    const wanted = next;
    [running, next] = [false, null];
    wanted?.();
  }
  function want() {
    if (running) next ??= want;
    else timer ??= setTimeout(run, Math.max(0, free - performance.now()));
  }
  want.now = () => {
    clearTimeout(timer);
    if (running) next = want.now;
    else run();
  };
  return want;
}
