// Questions to the server. Ids are texts, both ways.

const BASE = "/api/v1/";
const LONGEST = 4000; // characters of an address; longer questions go in a body
const POLL = 400; // ms
const BODY = new Set(["cypher"]); // questions whose parameters belong in a body

/** What the server refuses, and what to do about it. */
export class Refused extends Error {
  constructor(status, { message, hint = null, kind = "" }) {
    super(message);
    Object.assign(this, { status, hint, kind });
  }
}

/** Leave out what is empty: the server has its own defaults. */
export function given(parameters) {
  return Object.fromEntries(Object.entries(parameters).filter(
    ([, value]) => value !== null && value !== undefined && value !== "" && value.length !== 0));
}

function query(parameters) {
  const pairs = Object.entries(given(parameters)).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((one) => [name, one])
      : [[name, typeof value === "object" ? JSON.stringify(value) : value]]);
  return new URLSearchParams(pairs).toString();
}

async function send(path, options) {
  let response;
  try {
    response = await fetch(BASE + path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, {
      message: "the server does not answer",
      hint: "is `cavegraph explore` still running? Start it again, then reload this page",
      kind: "gone",
    });
  }
  if (response.ok) return response;
  let said;
  try {
    said = (await response.json()).error;
  } catch {
    said = { message: `the server answered with status ${response.status}` };
  }
  const error = new Refused(response.status, said);
  error.after = Number(response.headers.get("retry-after")) || 0;
  throw error;
}

function pause(milliseconds, signal) {
  return new Promise((done, fail) => {
    const stop = () => { clearTimeout(timer); fail(signal.reason); };
    const timer = setTimeout(() => { signal?.removeEventListener("abort", stop); done(); }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

const body = (parameters, method = "POST") => ({
  method,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(given(parameters)),
});

async function request(question, parameters, signal) {
  const address = query(parameters);
  const short = address.length < LONGEST && !BODY.has(question);
  const path = short ? `${question}?${address}` : question;
  for (let tries = 0; ; tries += 1) {
    try {
      return await send(path, { signal, ...(short ? {} : body(parameters)) });
    } catch (error) {
      if (error.status !== 503 || tries === 3) throw error;
      await pause(1000 * (error.after || 1), signal);
    }
  }
}

/** Ask a question; the answer as the server gives it. */
export async function ask(question, parameters = {}, signal = undefined) {
  return (await request(question, parameters, signal)).json();
}

/** Ask for a file: all rows of a table. */
export async function file(question, parameters, form) {
  return (await request(question, { ...parameters, format: form }, undefined)).blob();
}

/** The address of a picture or a page. */
export const address = (question, parameters) => `${BASE}${question}?${query(parameters)}`;

export const change = async (path, method, parameters = {}) =>
  (await send(path, method === "DELETE" ? { method } : body(parameters, method))).json();

/**
 * Ask a question that may take long.
 *
 * `told` gets the job's state while it runs. When `signal` aborts, because the person cancels or
 * leaves the view, the job is cancelled on the server too.
 */
export async function work(question, parameters, signal, told) {
  const { job } = await (await send(`jobs/${question}`, body(parameters))).json();
  const cancel = () => {
    // keepalive: it is sent even while the page closes
    fetch(`${BASE}jobs/${job}`, { method: "DELETE", credentials: "same-origin", keepalive: true })
      .catch(() => {}); // the server cancels by itself when nobody asks any more
  };
  if (signal.aborted) {
    cancel();
    throw signal.reason;
  }
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      const now = await (await send(`jobs/${job}`, { signal })).json();
      told(now);
      if (now.state === "failed") throw new Refused(500, now.error);
      if (now.state === "cancelled") throw new Refused(0, { message: "cancelled", kind: "cancelled" });
      if (now.state === "done") break;
      await pause(now.seconds < 1 ? 100 : POLL, signal);
    }
    const answer = await (await send(`jobs/${job}/result`, { signal })).json();
    return { ...answer, job };
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** A table's rows as objects. */
export function records(table) {
  const names = table.columns.map((column) => column.name);
  return table.rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
}
