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
  const answer = await fetch(`/emulator/${path}`, {
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

// Calls an action now, and again at most every so many milliseconds however often it is wanted.
// What takes long is done less often: the emulator has other things to do.
export function seldom(action, milliseconds) {
  let waiting = false;
  let free = 0;
  return function want() {
    if (waiting) return;
    waiting = true;
    setTimeout(async () => {
      waiting = false;
      const started = performance.now();
      await attempt(action);
      const ended = performance.now();
      free = ended + Math.max(milliseconds, 10 * (ended - started));
    }, Math.max(0, free - performance.now()));
  };
}
