// The trail of a job, and who was left out when a part was sent again, in sentences. Pure.

import { JOBS } from "./states.js";
import { figure, time } from "./words.js";

/** "8 held back by Meta, and less than 24 hours ago; the last of them can be tried from 22:14 on" */
export function leftOutSaid({ reason, count, until }, now = new Date()) {
  const when = until ? `; the last of them can be tried from ${time(until, now)} on` : "";
  return `${figure(count)} ${reason.replace(": see the job's errors", "").replace(", and unknown was not asked for", "")}${when}`;
}

const ASKED = { run: "resumed it", pause: "paused it", cancel: "canceled it", withdraw: "took the wish back", resend: "sent a part of it again" };

/**
 * One line of the trail: who did what, and why.
 * @returns {{what: string, why: string}}
 */
export function trailLine({ kind, what, value, who, why }, now = new Date()) {
  const actor = who ?? "Loopcast";
  return { what: kind === "asked" ? `${actor} ${wish(what, value, now)}` : moved(what, who), why: why ?? "" };
}

function wish(what, value, now) {
  if (what === "schedule") return value && !Number.isNaN(Date.parse(value)) ? `set its start to ${time(value, now)}` : "changed its start";
  if (what === "rate") return /^\d+$/.test(value ?? "") ? `set its rate to ${value} a second` : `set its rate: ${value}`;
  return ASKED[what] ?? what;
}

function moved(what, who) {
  if (what === "queued" && who) return `${who} submitted it`;
  const { word } = JOBS[what] ?? { word: what };
  return `It is ${word}`;
}
