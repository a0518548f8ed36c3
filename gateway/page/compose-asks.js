// Questions to the gateway while one types: asked once the hands rest, and only the last one counts.

import { get, post } from "./api.js";

/** One question at a time; a newer one takes the place of an older. */
export function latest(waitMs) {
  let timer = 0;
  let controller = new AbortController();
  const stop = () => {
    clearTimeout(timer);
    controller.abort();
  };
  const ask = (task, now = false) => {
    stop();
    controller = new AbortController();
    const { signal } = controller;
    timer = setTimeout(() => task(signal), now ? 0 : waitMs);
  };
  return { ask, stop };
}

const LIST_DEADLINE_MS = 60000; // 50,000 rows are read anew for each plan

/** What would become of an order. */
export const plan = (order, signal) => post(order.path, order.body, { query: { dryRun: true }, signal, deadlineMs: LIST_DEADLINE_MS });

/** Submit it. The same `submission` makes one job, however often it is sent. */
export function submit(order, submission) {
  return post(order.path, order.body, { headers: { "Idempotency-Key": submission }, deadlineMs: LIST_DEADLINE_MS });
}

/** Templates of a number. */
export const templates = (from, signal) => get("/api/templates", { query: { phoneNumberId: from }, signal });

/** Numbers to send from; `isLive`: with what Meta says of them, which may take some seconds. */
export const numbers = (isLive = false) => get("/api/numbers", { query: isLive ? { live: true } : {} });

const QUICK_MS = 5000;

/** The newest jobs that a template's name finds: a word beside the plan, for which nothing waits. */
export function jobsOf(template, signal) {
  const query = { q: template.slice(0, 100), tests: false, limit: 50 };
  return get("/api/bulk/jobs", { query, signal, deadlineMs: QUICK_MS, keepsSession: true });
}

/** Whether Loopcast can work. */
export const isThere = async () => (await get("/readyz", { deadlineMs: QUICK_MS, keepsSession: true })).ok;

/** What is still known of an upload. */
export const uploaded = (id, signal) => get(`/api/bulk/upload/${encodeURIComponent(id)}`, { signal });

/**
 * Bring a list. `onProgress(share)` is told how much of it has left, which fetch cannot say.
 * @param {Blob} body @param {object} query @param {AbortSignal} signal @param {function(number): void} onProgress
 * @returns {Promise<import("./api.js").Answer|import("./api.js").Refusal>}
 */
export function upload(body, query, signal, onProgress = () => {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const request = new XMLHttpRequest();
  return new Promise((resolve) => {
    request.open("POST", `/api/bulk/upload?${new URLSearchParams(given)}`);
    request.responseType = "text";
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => resolve(answered(request));
    request.onerror = () => resolve(lost("Loopcast cannot be reached, or the file was cut off on its way. Try again."));
    request.onabort = () => resolve(lost("Given up."));
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function answered(request) {
  if (request.status === 401) get("/api/service"); // the shell asks for a key then
  const data = read(request.responseText);
  if (request.status >= 200 && request.status < 300 && data) return { ok: true, status: request.status, data };
  const message = data?.message ?? "The answer cannot be read: something between you and Loopcast gave it.";
  return { ok: false, status: request.status, error: data?.error ?? "", message, details: data?.details ?? null };
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const lost = (message) => ({ ok: false, status: 0, error: "No answer", message, details: null });
