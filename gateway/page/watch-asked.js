// What may be done to a job as it is, and the sentences of the questions before. Pure.

import { isOver } from "./states.js";
import { count } from "./words.js";

/**
 * Which controls a job has: pause, resume, cancel, change, and within it `start`.
 * @param {any} job @param {string} state @returns {Record<string, boolean>}
 */
export function allowed(job, state) {
  const isEnding = isOver(state) || state === "settling" || job.wanted === "cancel";
  const isGoing = state === "queued" || state === "running";
  return {
    pause: isGoing && job.wanted === "run",
    resume: state === "paused" && !job.resuming && !isEnding,
    change: !isEnding,
    cancel: !isEnding,
    start: !isEnding && !job.startedAt && job.currentLoop === 0 && Boolean(job.scheduledAt || state === "paused"),
  };
}

/** What a pause means for them. */
export const pauseText = (job) =>
  `No more is sent until somebody resumes it. What is on its way still arrives. ${count(job.queued, "recipient")} ${job.queued === 1 ? "waits" : "wait"}; nobody is lost.`;

/** What canceling means for the people of the list. */
export function cancelText(job) {
  const rest = job.queued;
  const had = job.sent ? ` ${count(job.sent, "recipient")} ${job.sent === 1 ? "has it already, and keeps it" : "have it already, and keep it"}.` : "";
  return `${count(rest, "recipient")} will not get it.${had} This cannot be undone.`;
}

/** What resuming means for them. */
export function resumeText(job) {
  const rest = job.queued;
  const why = job.reason && job.stoppedBy ? ` It was stopped because: ${job.reason}` : "";
  return `${count(rest, "recipient")} ${rest === 1 ? "waits" : "wait"} and will be sent to, beginning with the next one.${why}`;
}

/** The start of a job as a `datetime-local` field wants it: on the reader's clock, to the minute. */
export function startOf(job) {
  if (!job.scheduledAt) return "";
  const at = new Date(job.scheduledAt);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

/** What such a field says, as the API takes it; null when it is empty. */
export const startFrom = (value) => (value ? new Date(value).toISOString() : null);
