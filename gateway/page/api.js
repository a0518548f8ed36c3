// Requests to the gateway. What it refuses is a value, in its own words; nothing here is thrown.

/**
 * @typedef {{ok: true, status: number, data: any, headers: Headers}} Answer
 * @typedef {{ok: false, status: number, error: string, message: string, details: any}} Refusal
 * `status` 0: the gateway did not answer.
 */

const DEADLINE_MS = 20000;

let onSignedOut = () => {};
let session = 0; // how often somebody has signed in since this page was loaded

/** What is done when a key is asked for; the shell shows its form then. */
export function whenSignedOut(listener) {
  onSignedOut = listener;
}

/** A key was taken: what was asked before, and is refused late, concerns nobody any more. */
export function signedIn() {
  session += 1;
}

/** @returns {Promise<Answer|Refusal>} */
export const get = (path, options = {}) => call("GET", path, undefined, options);
/** @returns {Promise<Answer|Refusal>} */
export const post = (path, body, options = {}) => call("POST", path, body, options);
/** @returns {Promise<Answer|Refusal>} */
export const put = (path, body, options = {}) => call("PUT", path, body, options);
/** @returns {Promise<Answer|Refusal>} */
export const patch = (path, body, options = {}) => call("PATCH", path, body, options);
/** @returns {Promise<Answer|Refusal>} */
export const del = (path, body, options = {}) => call("DELETE", path, body, options);

/**
 * One request. `body` is sent as JSON, a Blob or FormData as it is. Options: `query` (an object,
 * empty values left out), `headers`, `signal`, `deadlineMs`, `keepsSession` (a 401 is an answer
 * like others, and shows no form).
 * @returns {Promise<Answer|Refusal>}
 */
export async function call(method, path, body, options = {}) {
  const { query, headers = {}, signal, deadlineMs = DEADLINE_MS, keepsSession = false } = options;
  const wait = AbortSignal.timeout(deadlineMs);
  const asked = session;
  const isRaw = body instanceof Blob || body instanceof FormData;
  try {
    const response = await fetch(address(path, query), {
      method,
      headers: body === undefined || isRaw ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined || isRaw ? body : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, wait]) : wait,
      credentials: "same-origin",
    });
    const read = await answerOf(response);
    if (read.status === 401 && !keepsSession && asked === session) onSignedOut(read);
    return read;
  } catch (failure) {
    return noAnswer(failure, signal);
  }
}

/** A path with its query; `undefined`, `null` and "" are left out. */
export function address(path, query = {}) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const told = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return told ? `${path}?${told}` : path;
}

async function answerOf(response) {
  const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
  const data = isJson ? await response.json() : await response.text();
  if (response.ok) return { ok: true, status: response.status, data, headers: response.headers };
  const told = isJson ? data : {};
  return {
    ok: false,
    status: response.status,
    error: told.error ?? `HTTP ${response.status}`,
    message: told.message ?? "The answer cannot be read: something between you and Loopcast gave it.",
    details: told.details ?? null,
  };
}

function noAnswer(failure, signal) {
  const isOurs = Boolean(signal?.aborted);
  const isLate = failure.name === "TimeoutError";
  return {
    ok: false,
    status: 0,
    error: isOurs ? "Given up" : "No answer",
    message: isLate
      ? "Loopcast did not answer in time. Whether it did it will show in a moment."
      : "Loopcast cannot be reached. Is it running, and is this machine online?",
    details: null,
  };
}

/** A key for `Idempotency-Key`: the same submission, pressed twice, is one job. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
