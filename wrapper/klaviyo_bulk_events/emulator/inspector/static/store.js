// What the stream told, and who wants to know of it.

const NEWEST = 100;
const REACH = 300;

export const state = {
  connected: false,
  started: null,
  about: { rates: [], faults: {}, keep: 0 },
  totals: { requests: 0, accepted: 0, repeats: 0, test_addresses: 0, statuses: {}, faults: {} },
  faults: {},
  asked: {},
  paused: false,
  held: 0,
  requests: [],
  seconds: new Map(),
  windows: [],
  ahead: 0,
};

const listeners = [];

// Listeners are given the news: `whole` where all was told anew, `fresh` where all that was known
// before is forgotten.
export const listen = (listener) => listeners.push(listener);

// The emulator's time in Unix seconds.
export const now = () => Date.now() / 1000 + state.ahead;

let source = null;

// A browser has six connections to one address: a page that nobody sees gives its own back.
export function connect() {
  document.addEventListener("visibilitychange", () =>
    document.hidden ? disconnect() : reconnect(),
  );
  reconnect();
}

function reconnect() {
  source ??= new EventSource("/inspector/stream");
  source.onmessage = (message) => take(JSON.parse(message.data));
  source.onerror = lost;
}

function disconnect() {
  source?.close();
  source = null;
}

// A browser gives up for good where something else answers; the emulator may be back later.
function lost() {
  tell({ connected: false }, { whole: false, fresh: false, requests: [] });
  if (source?.readyState !== EventSource.CLOSED) return;
  source = null;
  setTimeout(() => document.hidden || reconnect(), 3000);
}

function take(news) {
  news.fresh = news.started !== state.started && state.started !== null;
  if (news.whole) Object.assign(state, { requests: [], seconds: new Map(), windows: [] });
  const { about, started, totals, faults, asked, paused, held } = news;
  mergeRequests(news.requests);
  for (const [at, ...counts] of news.seconds) state.seconds.set(at, counts);
  news.windows.forEach((windows, i) => mergeWindows(i, windows));
  forget(news.now);
  const ahead = news.now - Date.now() / 1000;
  tell(
    {
      about: about ?? state.about,
      started,
      totals,
      faults,
      asked,
      paused,
      held,
      ahead,
      connected: true,
    },
    news,
  );
}

function mergeRequests(rows) {
  const merged = new Map(state.requests.map((row) => [row.number, row]));
  for (const row of rows) merged.set(row.number, row);
  const newest = [...merged.values()].sort((a, b) => b.number - a.number);
  state.requests = newest.slice(0, NEWEST);
}

function mergeWindows(i, windows) {
  state.windows[i] ??= new Map();
  for (const [start, number] of windows) state.windows[i].set(start, number);
}

function forget(time) {
  for (const at of state.seconds.keys()) if (at < time - REACH) state.seconds.delete(at);
  state.windows.forEach((windows, i) => {
    const length = state.about.rates[i]?.seconds ?? 0;
    for (const start of windows.keys()) if (start + length < time - REACH) windows.delete(start);
  });
}

function tell(changes, news) {
  Object.assign(state, changes);
  for (const listener of listeners) listener(news);
}
