// What is said of a watched job: what holds it, what to do, how a loop is made up. Pure.

import { LIMITS, MESSAGES, isOver } from "./states.js";
import { count, dialled, duration, figure, listed, percent, rate, second, time } from "./words.js";

/** @typedef {{tone: string, title: string, text?: string, link?: {href: string, word: string}}} Said */

/** What somebody calls the job. */
export const nameOf = (job) => job.campaignName || job.template || "Free text";

/** Seconds from `now` to a time, never less than none. */
export const until = (at, now) => Math.max((new Date(at) - now) / 1000, 0);

/**
 * What is to be said of a job's state before all figures; null while it just goes.
 * @param {any} job @param {string} state as the stream knows it @param {Date} now
 * @returns {Said|null}
 */
export function situation(job, state, now) {
  if (isOver(state)) return null;
  if (job.wanted === "cancel") return { tone: "warn", title: "Being canceled", text: "What is on its way still arrives and is counted." };
  if (state === "paused") return paused(job);
  if (job.wanted === "pause") return { tone: "warn", title: "Being paused", text: "No more is sent. What is on its way still arrives and is counted." };
  if (state === "settling") return settling(job, now);
  return held(job, state, now);
}

function settling(job, now) {
  const most = job.doubtUntil ? ` By ${time(job.doubtUntil, now)} at the latest the job ends without it.` : "";
  return { tone: "calm", title: "All is sent", text: `${count(job.unknown, "message")} in doubt: Meta's word on it is awaited.${most}` };
}

const STOPPED = {
  late: ["Not started: its time came while nothing ran", "Resume it, give it another time, or cancel it."],
  brake: ["Its number, or everything, is paused", "It goes on once that is released."],
  job: ["Meta stopped it", "Mend what Meta says, then resume. Those that were refused are sent first."],
  template: ["Meta does not take the template", "Mend the template, then resume. Those that were refused are sent first."],
  number: ["Meta does not take the sending number", "Mend the number, then resume. Those that were refused are sent first."],
  account: ["Meta does not take the account", "Mend the account, then resume. Those that were refused are sent first."],
  stalled: ["It got nowhere and was stopped", "Look at the reason, then resume."],
};

function paused(job) {
  if (job.resuming) return { tone: "calm", title: "About to go on", text: "It takes its turn in a moment." };
  const left = `${count(job.queued, "recipient")} ${job.queued === 1 ? "waits" : "wait"}; nothing is lost.`;
  const link = job.stoppedBy === "brake" || job.stoppedBy === "number" ? { href: "#/numbers", word: "Numbers" } : undefined;
  const [title, advice] = STOPPED[job.stoppedBy] ?? [job.reason ?? "Paused", "Resume goes on with the next one."];
  const why = job.reason && job.stoppedBy in STOPPED ? sentence(job.reason) : "";
  return { tone: "warn", title, text: [why, advice, left].filter(Boolean).join(" "), link };
}

const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

// Latency, retries and the set rate come and go: they stand among the figures alone.
const HELD = {
  throttled: ["warn", "It rests for as long as Meta asks, then goes at half its pace, which grows back by itself."],
  "messaging limit": ["warn", "It goes on by itself when there is room."],
  unreachable: ["warn", "Nothing is lost."],
  window: ["calm", "It goes on by itself when they open."],
};

function held(job, state, now) {
  const next = job.limitedUntil ? new Date(job.limitedUntil) : null;
  if (job.limitedBy === "schedule") return scheduled(job, now);
  if (job.limitedBy in HELD) {
    const [tone, text] = HELD[job.limitedBy];
    const when = next && next > now ? ` Expected to go on at ${time(next, now)}, in ${duration(until(next, now))}.` : "";
    return { tone, title: capital(LIMITS[job.limitedBy]), text: text + when };
  }
  const isWaiting = state === "queued" && now - new Date(job.createdAt) > 3000;
  return isWaiting ? { tone: "calm", title: "Waits for its number's turn", text: "Other jobs of the same number are sent first, or take turns with it." } : null;
}

function scheduled(job, now) {
  const at = job.scheduledAt ?? job.limitedUntil;
  if (!at) return { tone: "calm", title: "Its time has not come" };
  const left = until(at, now);
  const when = left > 0 ? `in ${duration(left)}` : "in a moment";
  return { tone: "calm", title: `Starts at ${time(at, now)}, ${when}`, text: "Nothing of it is touched before. It can still be changed, paused or canceled." };
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** What limits it just now, in a few words beside the figures. */
export function limit(job, state, pauseSeconds) {
  if (isOver(state)) return "–";
  if (state === "paused") return "–";
  if (pauseSeconds > 0) return `pause, ${duration(pauseSeconds)} left`;
  if (job.limitedBy) return LIMITS[job.limitedBy] ?? job.limitedBy;
  return { running: "nothing", queued: "not begun" }[state] ?? "–";
}

/** The set rate: the slowest of the job's own, its number's, and the service's. */
export function setRate(job, service, number = null) {
  const all = [[job.messagesPerSecond, " for this job"], [number?.messagesPerSecond, " for its number"], [service.messagesPerSecond, ""]];
  const [slowest, whose] = all.reduce((least, next) => (next[0] && (!least[0] || next[0] < least[0]) ? next : least), [null, ""]);
  return slowest ? `${rate(slowest)}${whose}` : "no limit";
}

/** Time left, and when that is. */
export function left(etaSeconds, now) {
  if (etaSeconds === null) return null;
  return { span: duration(etaSeconds), at: time(new Date(now.getTime() + etaSeconds * 1000), now) };
}

/** "Loop 12 of 250, 200 messages: 200 sent, 200 delivered and 150 read" */
export function aboutLoops(first, last, loops, shares) {
  const which = first === last ? `Loop ${figure(first + 1)}` : `Loops ${figure(first + 1)} to ${figure(last + 1)}`;
  return `${which} of ${figure(loops)}, ${count(shares.size, "message")}: ${madeUp(shares)}`;
}

/** What has come of them, in words. As everywhere, what is read was delivered, and that was sent. */
export function madeUp(shares) {
  const delivered = shares.delivered + shares.read;
  const told = { ...shares, delivered, sent: shares.sent + delivered };
  const parts = Object.keys(MESSAGES).filter((name) => told[name]).map((name) => `${figure(told[name])} ${MESSAGES[name].word}`);
  if (shares.waiting) parts.push(shares.waiting === shares.size ? "all waiting" : `${figure(shares.waiting)} waiting`);
  return listed(parts);
}

/** The title of the browser's tab. */
export function tabTitle(job, state, done) {
  const stands = isOver(state) || state === "paused" ? STATE_WORDS[state] : percent(Math.floor((done / job.totalRecipients) * 100) / 100, 1);
  return `${stands} · ${nameOf(job)} – Loopcast`;
}

const STATE_WORDS = { completed: "Done", failed: "Failed", canceled: "Canceled", paused: "Paused" };

/** What a screen reader is told when the state has changed. */
export function heard(state, job) {
  const words = { ...STATE_WORDS, running: "Sending", settling: "All is sent, receipts are awaited", queued: "Waiting" };
  return `${nameOf(job)}: ${words[state] ?? state}`;
}

/** One line of the feed, of an event frame. */
export function feedLine(frame) {
  const state = { message_sent: "sent", message_failed: "failed", message_skipped: "skipped", message_status: frame.state ?? frame.status }[frame.type];
  const error = frame.error ? `${frame.error.code} ${frame.error.title}` : "";
  return { seq: frame.seq, to: dialled(frame.to), state, why: error || frame.reason || "" };
}

/** The strip about the connection; "" when there is nothing to say. */
export function connection(awaySince, back) {
  if (awaySince) return `Connection lost since ${second(awaySince)}. It comes back by itself; sending goes on without this page.`;
  if (!back) return "";
  return `Connected again at ${second(back.at)} after ${duration(back.seconds)}. What came meanwhile is in these figures.`;
}
