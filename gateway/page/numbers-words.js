// How a sending number stands, in words. Pure: an answer of /api/numbers comes in, sentences go out.

import { count, dialled, duration, figure, pace, percent, time } from "./words.js";

const CHECK = "M3 8.5l3.2 3.2L13 5";
const BARS = "M5.5 4v8M10.5 4v8";
const CLOCK = "M8 4.5V8l2.5 1.5M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z";
const DOWN = "M4 5l4 5 4-5";
const DASH = "M3.5 8h9";
const CROSS = "M4 4l8 8M12 4l-8 8";
const QUESTION = "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.8-1.1 1.8M8 12.6h.01";
const MARK = "M8 3.5v5.5M8 12.4h.01";

/** Meta's rating of a number, as a state: word, tone, shape, what it says. */
export const QUALITY = {
  GREEN: { word: "high", tone: "ok", shape: CHECK, says: "people hardly block or report it" },
  YELLOW: { word: "medium", tone: "warn", shape: MARK, says: "people block or report it: write to fewer, and better" },
  RED: { word: "low", tone: "bad", shape: CROSS, says: "many block or report it: Meta may lower its limit or stop it" },
  UNKNOWN: { word: "not rated yet", tone: "calm", shape: QUESTION, says: "Meta rates a number once it has written to some people" },
};

/** What holds a number back. Keys: `heldBy` of the API. */
const HELD = {
  throttled: "Meta asked for a pause",
  unreachable: "Meta cannot be reached; it is tried again",
  "messaging limit": "the limit of people in 24 hours is reached",
};

/** What a number is called: its name, the one that people see, or its id. */
export const nameOf = (number) => number.name ?? number.verifiedName ?? number.displayPhoneNumber ?? `Number ${number.phoneNumberId}`;

/** Under its name: what it is known by. */
export function knownBy(number) {
  const seen = number.verifiedName && number.name ? `shown as ${number.verifiedName}` : null;
  const shownNumber = number.displayPhoneNumber ? dialled(number.displayPhoneNumber) : null;
  const provider = number.provider === "360dialog" ? "through 360dialog" : null;
  return [shownNumber, seen, `id ${number.phoneNumberId}`, provider].filter(Boolean);
}

/** The state of a number in one word; the gravest first. `brake` is its own, `isAll` that of everything. */
export function stateOf(number, brake, isAll) {
  if (brake || isAll || number.isPaused) return { word: "stopped", tone: "bad", shape: BARS, says: "nothing leaves until it is released" };
  if (number.limit.limitedUntil) return { word: "at its limit", tone: "warn", shape: CLOCK, says: HELD["messaging limit"] };
  if (number.heldUntil) return { word: "held", tone: "warn", shape: CLOCK, says: HELD[number.heldBy] ?? "nothing leaves before" };
  if (number.slowedUntil) return { word: "slowed", tone: "warn", shape: DOWN, says: "Meta said too fast" };
  if (!number.enabled) return { word: "no new jobs", tone: "calm", shape: DASH, says: "it takes no new jobs; those it has go on" };
  return { word: "ready", tone: "ok", shape: CHECK, says: "nothing holds it back" };
}

/** Sentences about what holds a number back just now; none when nothing does. */
export function holds(number, now = new Date()) {
  const { limitedUntil } = number.limit;
  const isLimit = limitedUntil || number.heldBy === "messaging limit";
  return [
    isLimit && `The limit of people in 24 hours is reached. Room comes ${until(limitedUntil ?? number.heldUntil, now)}; its jobs go on by themselves.`,
    number.heldUntil && !isLimit && `Nothing leaves ${before(number.heldUntil, now)}: ${HELD[number.heldBy] ?? "it is held"}.`,
    number.slowedUntil && `Meta said too fast: it goes at ${pace(number.paceNow)}, and grows back to its full pace ${until(number.slowedUntil, now)}.`,
    !number.enabled && "It takes no new jobs. Those that it has go on.",
  ].filter(Boolean);
}

const left = (at, now) => (new Date(at) - now) / 1000;
const until = (at, now) => `at ${time(at, now)}, in ${duration(left(at, now))}`;
const before = (at, now) => `before ${time(at, now)}, for another ${duration(left(at, now))}`;

/** The pace now, and against what was set: `[now, set]`. */
export function paces(number, service) {
  const set = number.messagesPerSecond ?? service.messagesPerSecond;
  const own = number.messagesPerSecond ? "set for this number" : "as the service";
  const rest = number.loopPauseMs ?? service.loopPauseMs;
  const isSlower = number.paceNow !== null && (set === null || number.paceNow < set);
  return [pace(number.paceNow), `${isSlower ? `of ${pace(set)}` : own}, ${duration(rest / 1000)} between loops`];
}

/** How much of the 24 hours is used; `share` (0 to 1) is null where no limit is known. */
export function usage({ people24h, reached24h }) {
  if (people24h === null) return { share: null, text: reached24h ? `${count(reached24h, "person", "people")} reached` : "not counted", more: "as long as no limit is known" };
  const used = people24h ? Math.min(reached24h / people24h, 1) : 1;
  return {
    share: used,
    text: `${figure(reached24h)} of ${count(people24h, "person", "people")}`,
    more: `${percent(reached24h, people24h)} used, ${figure(Math.max(people24h - reached24h, 0))} left`,
  };
}

/** How full a meter is, for its colour and for words: "", "nearly full", "full". */
export const fullness = (used) => (used >= 1 ? "full" : used >= 0.8 ? "nearly full" : "");

/** What waits, in words. */
export const waiting = ({ jobs, messages }) => (jobs ? [count(messages, "message"), `in ${count(jobs, "job")}`] : ["nothing", "no job waits"]);

/** Who stopped it, since when and why. */
export function brakeText({ by, at, reason, jobs }, now = new Date()) {
  const who = by && by !== "local" ? ` by ${by}` : "";
  const held = jobs ? ` ${count(jobs, "job")} ${jobs === 1 ? "waits" : "wait"}.` : " No job waits for it.";
  return `Stopped${who}, ${time(at, now)}${reason ? `: ${reason.replace(/[.\s]+$/, "")}` : ""}.${held}`;
}
