// States of jobs and messages: the word, the tone and the shape of each. One home for all views.

/**
 * `tone` is a class of page.css (ok, live, warn, bad, calm), `shape` a stroke in a 16 by 16 box:
 * states are told apart without their colour.
 * @typedef {{word: string, tone: string, shape: string, says: string}} State
 */

const CHECK = "M3 8.5l3.2 3.2L13 5";
const CHECKS = "M1 8.5l3 3.2L10 5M7.5 11.5l.5.4L15 5";
const CROSS = "M4 4l8 8M12 4l-8 8";
const DOTS = "M3 8h.01M8 8h.01M13 8h.01";
const QUESTION = "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.8-1.1 1.8M8 12.6h.01";
const DASH = "M3.5 8h9";
const BARS = "M5.5 4v8M10.5 4v8";
const ARROW = "M3 8h9M8.5 4.5L12 8l-3.5 3.5";
const CLOCK = "M8 4.5V8l2.5 1.5M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z";
const STOP = "M4.5 4.5h7v7h-7z";

/** @type {Record<string, State>} */
export const MESSAGES = {
  queued: { word: "waiting", tone: "calm", shape: DOTS, says: "its turn has not come" },
  sending: { word: "sending", tone: "live", shape: ARROW, says: "on its way to Meta" },
  sent: { word: "sent", tone: "ok", shape: CHECK, says: "Meta has taken it" },
  delivered: { word: "delivered", tone: "ok", shape: CHECKS, says: "it is on the phone" },
  read: { word: "read", tone: "read", shape: CHECKS, says: "it was seen" },
  failed: { word: "failed", tone: "bad", shape: CROSS, says: "Meta refused it" },
  unknown: { word: "in doubt", tone: "warn", shape: QUESTION, says: "it may have left, and no answer came; it is not sent again" },
  skipped: { word: "skipped", tone: "calm", shape: DASH, says: "not sent: opted out, or held back by Meta" },
  canceled: { word: "canceled", tone: "calm", shape: STOP, says: "not sent: the job was canceled" },
};

/** @type {Record<string, State>} */
export const JOBS = {
  queued: { word: "waiting", tone: "calm", shape: CLOCK, says: "no loop has begun" },
  running: { word: "sending", tone: "live", shape: ARROW, says: "loops are sent, or it waits for its next turn" },
  paused: { word: "paused", tone: "warn", shape: BARS, says: "stopped; nothing of it is lost" },
  settling: { word: "settling", tone: "live", shape: QUESTION, says: "all is sent; receipts of those in doubt are awaited" },
  completed: { word: "done", tone: "ok", shape: CHECK, says: "every recipient is accounted for" },
  failed: { word: "failed", tone: "bad", shape: CROSS, says: "nothing was sent" },
  canceled: { word: "canceled", tone: "calm", shape: STOP, says: "stopped for good; what was sent stays sent" },
};

const OVER = new Set(["completed", "failed", "canceled"]);

/** Whether nothing of the job will be sent any more. */
export const isOver = (state) => OVER.has(state);

/** What holds a job back just now, as a person says it. Keys: `limitedBy` of the API. */
export const LIMITS = {
  rate: "going at the set rate",
  latency: "Meta answers slowly",
  throttled: "Meta asked to slow down",
  "messaging limit": "Meta's limit of people a day is reached",
  unreachable: "no connection to Meta; it is tried again",
  retry: "what is left of the loop waits to be tried again",
  pause: "pause between two loops",
  schedule: "its time has not come",
  window: "outside of its hours",
};
