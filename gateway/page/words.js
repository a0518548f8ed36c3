// Figures, times and counts as a person says them. Pure: time and zone come in where they matter.

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

/** 50000 -> "50,000" */
export const figure = (value) => whole.format(value);

/** 9.87 -> "9.9" */
export const rate = (value) => tenth.format(value);

/** Parts of a whole; of nothing there is no share: "–". */
export const percent = (part, all) => (all ? share.format(part / all) : "–");

/** (1, "recipient") -> "1 recipient"; (2, …) -> "2 recipients". */
export function count(value, one, many = `${one}s`) {
  return `${figure(value)} ${value === 1 ? one : many}`;
}

/** Seconds as people say them: "0.4 s", "54 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function duration(seconds) {
  if (seconds < 9.95) return `${tenth.format(Math.max(seconds, 0))} s`;
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  if (all < 3600) return two(Math.floor(all / 60), "min", all % 60, "s");
  if (all < 86400) return two(Math.floor(all / 3600), "h", Math.round((all % 3600) / 60), "min");
  return two(Math.floor(all / 86400), "d", Math.round((all % 86400) / 3600), "h");
}

function two(much, unit, less, smaller) {
  return less ? `${much} ${unit} ${less} ${smaller}` : `${much} ${unit}`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const farDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

/** "14:32" today, "Fri, 27 Nov, 14:32" within half a year, with its year else. `at`: ISO or Date. */
export function time(at, now = new Date()) {
  const when = new Date(at);
  if (when.toDateString() === now.toDateString()) return clock.format(when);
  const isNear = Math.abs(when - now) < 183 * 86400e3;
  return `${(isNear ? day : farDay).format(when)}, ${clock.format(when)}`;
}

/** "14:32:07" */
export const second = (at) => exact.format(new Date(at));

/** "just now", "40 s ago", "3 min ago", then the time. */
export function ago(at, now = new Date()) {
  const seconds = (now - new Date(at)) / 1000;
  if (seconds < 5) return "just now";
  return seconds < 3600 ? `${duration(seconds < 60 ? seconds : seconds - (seconds % 60))} ago` : time(at, now);
}

/** A number as it is dialled: "+4915112345678". */
export const dialled = (number) => (/^\d+$/.test(number) ? `+${number}` : number);

/** What zone the reader's clock is in: "Europe/Berlin". */
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "9 a second", "as fast as the service allows". */
export const pace = (perSecond) => (perSecond ? `${rate(perSecond)} a second` : "no limit");

/** "a, b and c" */
export function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Why a message did not go, as the API tells it; without the page that a broken server answered. */
export function whyOf({ reason, error }) {
  const told = reason ?? (error ? `${error.code || ""} ${error.title}` : "");
  return told.replace(/:?\s*<[^]*$/, "").trim();
}
