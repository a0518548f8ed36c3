// That every recipient of a job is accounted for, how far its messages came, what may be sent again. Pure.

import { MESSAGES, isOver } from "./states.js";

const TERMS = ["sent", "failed", "unknown", "skipped", "canceled"];
// What Meta holds back for a person's sake (131049) may be tried after a day.
const DEFER_MS = 24 * 3600 * 1000;
const NO_CODE = 0; // it failed before Meta saw it

/**
 * The sum that always comes out: its terms, what waits among them while the job goes on.
 * @returns {{terms: Array<{state: string, word: string, count: number}>, total: number, comesOut: boolean}}
 */
export function sumOf(job) {
  const told = TERMS.filter((state) => job[state] || state === "sent" || state === "failed");
  const terms = told.map((state) => ({ state, word: MESSAGES[state].word, count: job[state] }));
  const waiting = job.queued + job.sending;
  if (waiting) terms.push({ state: "queued,sending", word: MESSAGES.queued.word, count: waiting });
  const sum = terms.reduce((all, term) => all + term.count, 0);
  return { terms, total: job.totalRecipients, comesOut: sum === job.totalRecipients };
}

/** What messages of a term are asked for with: those that were sent are in three states. */
export const statesOf = (term) => (term === "sent" ? "sent,delivered,read" : term);

/**
 * How far the messages came: each step is a part of the one before it.
 * @returns {Array<{step: string, word: string, count: number, of: number, ofWhat: string}>}
 */
export function stepsOf(job, tracksReceipts) {
  const sent = { step: "sent", word: "Taken by Meta", count: job.sent, of: job.totalRecipients, ofWhat: "of all" };
  if (!tracksReceipts && !job.delivered) return [sent];
  return [
    sent,
    { step: "delivered", word: "Delivered", count: job.delivered, of: job.sent, ofWhat: "of those taken" },
    { step: "read", word: "Read", count: job.read, of: job.delivered, ofWhat: "of those delivered" },
  ];
}

/**
 * Who was not sent to without Meta's saying so: `[words, count, states]` each. Whom Meta holds back
 * (`deferred`) stands among its errors.
 */
export function notSent(job) {
  return [
    ["left out: opted out, or got it from another job", job.skipped - job.deferred, "skipped"],
    ["canceled before their turn came", job.canceled, "canceled"],
  ].filter(([, much]) => much > 0);
}

/**
 * What can be asked for when a part is sent again. `isChosen`: it is preselected; `isPossible`: it can help.
 * @typedef {{key: string, code: number|null, state: string|null, word: string, hint: string, count: number,
 *   isPossible: boolean, isChosen: boolean, isRisky: boolean, readyAt: Date|null}} Choice
 * @returns {Choice[]}
 */
export function choicesOf(job, now = new Date()) {
  const choices = job.errors.map((error) => ofError(error, job, now));
  if (job.canceled) choices.push(ofState("canceled", "Canceled before their turn came", "Nothing was sent to them.", job.canceled));
  if (job.unknown) choices.push({ ...ofState("unknown", "In doubt", "They may have got it, and would get it twice.", job.unknown), isChosen: false, isRisky: true });
  return choices;
}

function ofError(error, job, now) {
  const since = job.finishedAt ? new Date(job.finishedAt).getTime() + DEFER_MS : null;
  const readyAt = error.action === "defer" && since && since > now.getTime() ? new Date(since) : null;
  const base = error.code === NO_CODE ? ofState("failed", "Failed without a code", "", error.count) : { ...ofState(null, error.meaning || named(error), "", error.count), code: error.code, key: `code ${error.code}` };
  const hint = error.mayBeSentAgain ? error.advice : "No better another time";
  return { ...base, hint: error.code === NO_CODE ? hint : `${error.code}: ${hint}`, isPossible: error.mayBeSentAgain, isChosen: error.mayBeSentAgain && !readyAt, readyAt };
}

/** "131026 Message undeliverable" */
export const named = (error) => (error.code === NO_CODE ? error.title || "No code" : `${error.code} ${error.title}`.trim());

function ofState(state, word, hint, count) {
  return { key: `state ${state}`, code: null, state, word, hint, count, isPossible: true, isChosen: true, isRisky: false, readyAt: null };
}

/** The request's body for what is chosen. */
export function bodyOf(chosen, name) {
  const states = chosen.map((choice) => choice.state).filter(Boolean);
  const codes = chosen.filter((choice) => !choice.state).map((choice) => choice.code);
  return { ...(states.length && { states }), ...(codes.length && { codes }), ...(name && { campaign_name: name }) };
}

export const counted = (chosen) => chosen.reduce((all, choice) => all + choice.count, 0);

/** Whether a part of it may be asked for again now. */
export const mayResend = (job) => isOver(job.state) && choicesOf(job).some((choice) => choice.isPossible);
