// A plan in words: how a job is cut, how long it takes, when it is done. Pure.

import { count, duration, figure, listed, pace, time } from "./words.js";
import { DAYS } from "./compose-draft.js";
import { twiceSaid } from "./compose-said.js";

const MOST_LOOPS_SAID = 3;

/** "3 loops of 200, 200 and 100"; many as "250 loops of 200". */
export function loops(total, size) {
  const full = Math.floor(total / size);
  const rest = total % size;
  const sizes = [...Array(Math.min(full, MOST_LOOPS_SAID)).fill(size), ...(rest ? [rest] : [])];
  const many = full + (rest ? 1 : 0);
  if (many <= MOST_LOOPS_SAID) return many === 1 ? `1 loop of ${figure(total)}` : `${many} loops of ${listed(sizes.map(figure))}`;
  return rest ? `${figure(many)} loops of ${figure(size)}, the last of ${figure(rest)}` : `${figure(many)} loops of ${figure(size)}`;
}

/** How many get a message: those who have opted out are skipped. */
export const going = (plan) => plan.accepted - plan.suppressed;

/** What it means, in parts: "500 recipients", "3 loops of …", "pauses of 2 s", "about 54 s", "done at 14:32". */
export function meaning(plan, now = new Date()) {
  const parts = [count(going(plan), "recipient")];
  if (plan.accepted) parts.push(loopsSaid(plan));
  if (plan.totalLoops > 1) parts.push(`pauses of ${duration(plan.loopPauseMs / 1000)}`);
  parts.push(pace(plan.messagesPerSecond));
  if (plan.expectedEndAt === null) return [...parts, "not done within 60 days"];
  const busy = busySeconds(plan);
  if (busy >= 1) parts.push(`about ${duration(busy)}`);
  return [...parts, `done at ${time(plan.expectedEndAt, now)}`];
}

/** From the first message to the last. */
export function busySeconds(plan) {
  return plan.startsAt && plan.expectedEndAt ? (new Date(plan.expectedEndAt) - new Date(plan.startsAt)) / 1000 : 0;
}

/** More than a few, as the API counts them. */
export const isBulk = (plan, bulkFrom) => plan.accepted > bulkFrom;

/** The loops of a plan; who has opted out has a place in them, and is passed over. */
export function loopsSaid({ accepted, loopSize, suppressed }) {
  const out = suppressed ? `, with ${figure(suppressed)} who ${suppressed === 1 ? "has" : "have"} opted out and ${suppressed === 1 ? "is" : "are"} skipped` : "";
  return loops(accepted, loopSize) + out;
}

/** What the button says. */
export function sendLabel(plan, bulkFrom, isPlanned) {
  if (!plan) return isPlanned ? "Schedule" : "Send";
  const bulk = isBulk(plan, bulkFrom) ? " in bulk" : "";
  return `${isPlanned ? `Schedule${bulk} for` : `Send${bulk} to`} ${count(going(plan), "recipient")}`;
}

const WAITS = [
  ["scheduledSeconds", "until its start"],
  ["windowSeconds", "outside of its hours"],
  ["limitSeconds", "until Meta's limit of people a day has room"],
  ["queueSeconds", "for other jobs of the number"],
];

/** What else takes time: `[["until its start", "3 h"], …]`. */
export function waits(durations) {
  return WAITS.filter(([name]) => durations[name] >= 1).map(([name, words]) => [words, duration(durations[name])]);
}

/** When it starts, and at which hours, in sentences. */
export function timing(draft, now = new Date()) {
  const said = [];
  if (draft.start && !Number.isNaN(new Date(draft.start).getTime())) said.push(`Starts ${startWords(draft.start, now)}.`);
  if (draft.hasWindow) said.push(`Sends only ${hours(draft)}. What is not through by then goes on when the hours begin again.`);
  return said;
}

function startWords(start, now) {
  const said = time(start, now);
  return new Date(start).toDateString() === now.toDateString() ? `today at ${said}` : `on ${said}`;
}

/** "from 09:00 to 20:00, Mon to Fri, on each recipient's own clock" */
export function hours(draft) {
  const isOver = draft.windowTo <= draft.windowFrom;
  const span = `from ${draft.windowFrom} to ${draft.windowTo}${isOver ? " of the next day" : ""}`;
  const clock = draft.zone === "recipient" ? "on each recipient's own clock" : `on the clock of ${draft.zone}`;
  return `${span}, ${daysSaid(draft.days)}, ${clock}`;
}

const DAY_WORDS = { mon: "Mon", tue: "Tue", wed: "Wed", thu: "Thu", fri: "Fri", sat: "Sat", sun: "Sun" };

/** "every day", "Mon to Fri", "Mon, Wed and Fri" */
export function daysSaid(days) {
  const sorted = DAYS.filter((day) => days.includes(day));
  if (sorted.length === 7) return "every day";
  const from = DAYS.indexOf(sorted[0]);
  const isRun = sorted.length > 2 && sorted.every((day, at) => DAYS[from + at] === day);
  return isRun ? `${DAY_WORDS[sorted[0]]} to ${DAY_WORDS[sorted.at(-1)]}` : listed(sorted.map((day) => DAY_WORDS[day]));
}

/** Who of a list gets nothing, and why, in sentences. `numbers` of them come twice, where that is known. */
export function leftOut({ duplicates, rejectedTotal, suppressed }, numbers = 0) {
  const isOne = rejectedTotal === 1;
  return [
    rejectedTotal ? `${count(rejectedTotal, "line")} rejected: ${isOne ? "it gets" : "they get"} nothing.` : null,
    duplicates ? twiceSaid(duplicates, numbers) : null,
    suppressed ? `${count(suppressed, "recipient")} opted out, and will be skipped.` : null,
  ].filter(Boolean);
}

/** A check in a sentence: "498 valid, 2 duplicates, 1 rejected". */
export function tally({ valid, duplicates, rejectedTotal }) {
  return `${figure(valid)} valid, ${count(duplicates, "duplicate")}, ${figure(rejectedTotal)} rejected`;
}
