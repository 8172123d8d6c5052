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

// What an answer told, which the stream may tell later.
export const learn = (changes) => tell(changes, { whole: false, fresh: false, requests: [] });

// The number of the oldest request that can still be looked at.
export const oldest = () => Math.max(1, state.totals.requests - state.about.keep + 1);

// Whether the requests fill a page, or are all there are: the stream tells the latest that changed,
// which may be fewer.
export const isFilled = () =>
  state.requests.length === NEWEST ||
  (state.requests.at(-1)?.number ?? state.totals.requests + 1) <= oldest();

// Rows that were asked for, as far as the stream has told nothing newer of them.
export function fillUp(rows) {
  state.requests = newest([...rows, ...state.requests]);
}

function disconnect() {
  source?.close();
  source = null;
}

// A browser gives up for good where something else answers; the emulator may be back later.
function lost() {
  learn({ connected: false });
  if (source?.readyState !== EventSource.CLOSED) return;
  source = null;
  setTimeout(() => document.hidden || reconnect(), 3000);
}

function take(news) {
  news.fresh = news.started !== state.started && state.started !== null;
  if (news.whole) Object.assign(state, { requests: [], seconds: new Map(), windows: [] });
  const { started, totals, faults, asked, paused, held } = news;
  // What is forgotten below depends on the rates.
  state.about = news.about ?? state.about;
  state.requests = newest([...state.requests, ...news.requests]);
  for (const [at, ...counts] of news.seconds) state.seconds.set(at, counts);
  // Of several accounts the windows are all told anew, of the one that sent last.
  if (state.about.several) state.windows = [];
  news.windows.forEach((windows, i) => mergeWindows(i, windows));
  forget(news.now);
  const ahead = news.now - Date.now() / 1000;
  tell(
    {
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

// The newest requests without a gap, each by its last row: an old one that changed is left out.
function newest(rows) {
  const latest = new Map(rows.map((row) => [row.number, row]));
  const sorted = [...latest.values()].sort((a, b) => b.number - a.number).slice(0, NEWEST);
  return sorted.filter((row, i) => row.number === sorted[0].number - i);
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
