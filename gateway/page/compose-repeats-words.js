// Which jobs of the last day sent the same template, and how that is said. Pure.

import { count, time } from "./words.js";

const DAY_MS = 86400e3;
const OVER = new Set(["completed", "failed", "canceled"]);

/** Of listed jobs: those of this template that reached somebody in the last 24 hours, or still will. */
export function repeatsOf(jobs, template, now = new Date()) {
  return jobs.filter((job) => job.template === template && !job.isTest && reached(job) > 0 && isRecent(job, now));
}

function isRecent(job, now) {
  const last = new Date(job.finishedAt ?? job.startedAt ?? job.createdAt);
  return !OVER.has(job.state) || now - last < DAY_MS;
}

/** How many of a job have got it, may have got it, or will. */
const reached = (job) => job.sent + job.unknown + (job.state === "canceled" ? 0 : job.queued + job.sending);

/** "order_update went to 488 recipients at 02:00 (Abholung Freitag)." */
export function repeatSaid(job, now = new Date()) {
  const label = job.campaignName ? ` (${job.campaignName})` : "";
  return `${job.template} ${verb(job)} ${count(reached(job), "recipient")} ${when(job, now)}${label}.`;
}

function verb(job) {
  if (OVER.has(job.state) || job.state === "settling") return "went to";
  if (job.state === "paused") return "is paused on its way to";
  return job.startedAt ? "has been going to" : "waits to go to";
}

function when(job, now) {
  if (job.startedAt) return `${job.finishedAt || job.state === "settling" ? "at" : "since"} ${time(job.startedAt, now)}`;
  return job.scheduledAt ? `at ${time(job.scheduledAt, now)}` : `since ${time(job.createdAt, now)}`;
}
