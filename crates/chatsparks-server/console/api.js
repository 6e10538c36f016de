// The calls of the service: the same that anybody makes. A service that goes away is waited for.

/** Where the service is: beside the page, wherever that is nested. */
const BASE = new URL(".", document.baseURI);

/** Why a call was refused, as the service tells it. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? String(status));
    this.status = status;
    this.problem = problem;
  }
}

/** The service does not answer. */
export class Away extends Error {}

const listeners = new Set();
let isAway = false;

/** Hears whether the service answers. */
export function onAway(listener) {
  listeners.add(listener);
  listener(isAway);
  return () => listeners.delete(listener);
}

function tellAway(away) {
  if (away === isAway) return;
  isAway = away;
  listeners.forEach((listener) => listener(away));
  if (away) askAgain();
}

/** Asks until the service answers: whoever did something once would never hear that it is back. */
async function askAgain() {
  for (let wait = 1000; isAway; wait = Math.min(wait * 2, 8000)) {
    await pause(wait);
    if (isAway) await once("GET", "v1/session", undefined, {}).catch(() => {});
  }
}

async function once(method, path, body, headers) {
  let answer;
  try {
    answer = await fetch(new URL(path, BASE), {
      method, credentials: "same-origin", cache: "no-store",
      headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    tellAway(true);
    throw new Away();
  }
  if (answer.status === 502 || answer.status === 503 || answer.status === 504) {
    tellAway(true);
    throw new Away();
  }
  tellAway(false);
  if (answer.status === 204) return null;
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, told);
  return told;
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Reads; while the service is away it is asked again, until `signal` ends it. */
export async function read(path, signal) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      return await once("GET", path, undefined, {});
    } catch (error) {
      if (!(error instanceof Away) || signal?.aborted) throw error;
      await pause(wait);
      if (signal?.aborted) throw error;
    }
  }
}

/** Does something, once: whoever tries again gives the same key. */
export function act(method, path, body, key = newKey()) {
  return once(method, path, body, { "idempotency-key": key });
}

/** A key that nothing else has. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The calls of a workspace. */
export function of(workspace) {
  const root = `v1/workspaces/${encodeURIComponent(workspace)}`;
  return {
    read: (path, signal) => read(`${root}/${path}`, signal),
    act: (path, body, key) => act("POST", `${root}/${path}`, body, key),
    /** Hears changes as they happen. What is heard is only that something may be read again. */
    watch(heard) {
      let source;
      let ended = false;
      let last = null;
      const begin = () => {
        const after = last ? `?after=${encodeURIComponent(last)}` : "";
        source = new EventSource(new URL(`${root}/changes${after}`, BASE));
        const hear = (everything) => (event) => {
          last = event.lastEventId || last;
          tellAway(false);
          heard(everything ? null : JSON.parse(event.data));
        };
        source.addEventListener("changes", hear(false));
        source.addEventListener("reset", hear(true));
        source.onopen = () => tellAway(false);
        source.onerror = () => {
          // The browser comes again by itself, unless it was told that there is nothing.
          if (source.readyState === EventSource.CLOSED && !ended) setTimeout(begin, 2000);
        };
      };
      begin();
      return () => { ended = true; source.close(); };
    },
  };
}
