// What a job is made up of, and what is said of it in a line. Pure.

import { LIMITS, MESSAGES, isOver } from "./states.js";
import { count, duration, figure, listed, percent, rate, time } from "./words.js";

/** What somebody calls the job. */
export const nameOf = (job) => job.campaignName || job.template || "Free text";

/**
 * Where its recipients are, each in one part: `sent` are those who are neither delivered nor read.
 * @returns {Array<[string, number]>} parts that are not empty, in a fixed order
 */
export function sharesOf(job) {
  const read = Math.min(job.read, job.sent);
  const delivered = Math.min(Math.max(job.delivered - read, 0), job.sent - read);
  const all = [
    ["read", read],
    ["delivered", delivered],
    ["sent", job.sent - read - delivered],
    ["failed", job.failed],
    ["unknown", job.unknown],
    ["skipped", job.skipped],
    ["canceled", job.canceled],
    ["queued", job.queued + job.sending],
  ];
  return all.filter(([, much]) => much > 0);
}

/** "300 read, 22 failed and 5 waiting" */
export function sharesSaid(job) {
  return listed(sharesOf(job).map(([part, much]) => `${figure(much)} ${MESSAGES[part].word}`)) || "nobody";
}

/**
 * What is said below the bar: what it does just now, or what came of it.
 * @param {any} job @param {boolean} tracksReceipts @param {Date} [now]
 */
export function standing(job, tracksReceipts, now = new Date()) {
  if (isOver(job.state)) return came(job, tracksReceipts);
  if (job.state === "paused") return job.resuming ? "about to go on" : `${figure(job.queued)} wait, nothing is lost`;
  if (job.state === "settling") return `${figure(job.unknown)} in doubt, receipts are awaited`;
  return going(job, now);
}

function came(job, tracksReceipts) {
  const doubt = job.unknown ? `${figure(job.unknown)} in doubt` : null;
  if (!job.sent) return doubt ?? "nothing was sent";
  const arrived = tracksReceipts || job.delivered ? `${percent(job.delivered, job.sent)} delivered` : `${percent(job.sent, job.totalRecipients)} sent`;
  return listed([arrived, job.read ? `${percent(job.read, job.delivered)} of them read` : null, doubt].filter(Boolean));
}

const HOLDS = new Set(["throttled", "messaging limit", "unreachable", "schedule", "window", "retry"]);

function going(job, now) {
  if (HOLDS.has(job.limitedBy)) return held(job, now);
  if (job.state === "queued") return "waits for its turn";
  const speed = job.ratePerSecond ? `${rate(job.ratePerSecond)} a second` : null;
  const left = job.etaSeconds === null || job.etaSeconds === undefined ? null : `about ${duration(job.etaSeconds)} left`;
  return [speed, left].filter(Boolean).join(", ") || "waits for its turn";
}

function held(job, now) {
  const until = job.limitedUntil && new Date(job.limitedUntil) > now ? time(job.limitedUntil, now) : null;
  if (job.limitedBy === "schedule") return until ? `starts ${until}` : "starts in a moment";
  return until ? `${LIMITS[job.limitedBy]}; goes on ${until}` : LIMITS[job.limitedBy];
}

/** When it was, or will be: `[word, time]`. */
export function whenOf(job, now = new Date()) {
  if (job.startedAt) return ["started", time(job.startedAt, now)];
  if (job.scheduledAt && !isOver(job.state)) return ["starts", time(job.scheduledAt, now)];
  return ["submitted", time(job.createdAt, now)];
}

/**
 * The line of figures of the last days: pairs of a word and a figure.
 * @param {any} totals of /api/bulk/stats @param {boolean} tracksReceipts
 */
export function figuresOf(totals, tracksReceipts) {
  const share = (value) => (value === null ? "–" : percent(value, 1));
  const sent = ["sent", figure(totals.sent)];
  const failed = ["failed", share(totals.failedRate)];
  if (!tracksReceipts && !totals.delivered) return [sent, failed];
  return [sent, ["delivered", share(totals.deliveredRate)], ["read", share(totals.readRate)], failed];
}

/** "Jobs 26 to 50 of 120" */
export function pageSaid({ offset, total }, shown) {
  if (!shown) return count(total, "job");
  if (total <= shown) return count(total, "job");
  return `Jobs ${figure(offset + 1)} to ${figure(offset + shown)} of ${figure(total)}`;
}
