// What becomes of each row of a list that was read here: sent, rejected, or a number that came before. Pure.

/**
 * A row as it can be shown: `line` as in the messages, `value` its number as it was written.
 * @typedef {{line: number, value: string, cells: string[]|null}} Person
 * @typedef {null|{kind: "rejected", reason: string}|{kind: "twice", first: number}} Fate
 * `null`: it gets the message, as far as is known.
 */

const LABEL = /^(?:whatsapp|tel|p):/i;
const SEPARATORS = /[\s\-()[\]/.·\u2010-\u2015\u2212\u200b\ufeff'"=]/g;
const IN_DOUBT = /\(\s*0\s*\)|[eE]\d*$|^\D*-\d|\d{5,}\.\d{1,2}["']?$/; // what the gateway reads with more care

/**
 * A number as it will be dialled, "+4915112345678", by the rules that the API tells of; `null` where
 * only the gateway knows: without a country code, or in no form that all know. `isOfCountry`: numbers
 * without a code are of a country that was said.
 */
export function dialledOf(value, isOfCountry) {
  if (IN_DOUBT.test(value)) return null;
  const bare = value.replace(LABEL, "").replace(SEPARATORS, "");
  const found = /^(?:(\+)|(00))?(\d+)$/.exec(bare);
  if (!found) return null;
  const [, plus, zeros, digits] = found;
  if (!plus && (isOfCountry || (!zeros && digits.startsWith("0")))) return null;
  const whole = digits.replace(/^0+/, "");
  return whole.length >= 7 && whole.length <= 15 ? `+${whole}` : null;
}

/** What tells that two rows have one number. */
function sameness(value, isOfCountry) {
  const dialled = dialledOf(value, isOfCountry);
  if (dialled || !isOfCountry || IN_DOUBT.test(value)) return dialled;
  const home = value.replace(SEPARATORS, "");
  return /^\d{5,15}$/.test(home) ? home.replace(/^0/, "") : null;
}

/**
 * What becomes of the rows. `check` is what the gateway told: it counts duplicates and lists the
 * first rejected rows. `isSure`: each duplicate that it counts has been found here.
 * @param {Person[]} people @param {object} check @param {boolean} isOfCountry
 * @returns {{fates: Fate[], twice: {at: number, first: number}[], numbers: number, isSure: boolean}}
 */
export function fatesOf(people, check, isOfCountry) {
  const fates = rejectedOf(people, check);
  const seen = new Map();
  const twice = [];
  for (const [at, person] of people.entries()) {
    const same = fates[at] ? null : sameness(person.value, isOfCountry);
    if (same && seen.has(same)) twice.push({ at, first: seen.get(same) });
    else if (same) seen.set(same, at);
  }
  if (twice.length > check.duplicates) return { fates, twice: [], numbers: 0, isSure: false };
  for (const { at, first } of twice) fates[at] = { kind: "twice", first: people[first].line };
  const numbers = new Set(twice.map((one) => one.first)).size;
  return { fates, twice, numbers, isSure: twice.length === check.duplicates };
}

function rejectedOf(people, check) {
  const fates = people.map(() => null);
  const byLine = new Map(people.map((person, at) => [person.line, at]));
  for (const row of check.rejected) {
    const at = row.at ?? byLine.get(row.line);
    if (at !== undefined && at < fates.length) fates[at] = { kind: "rejected", reason: row.reason };
  }
  return fates;
}

/** The next row, in steps of `by`, that gets something; the same one where there is none. From 1. */
export function nextSent(fates, row, by) {
  for (let at = row - 1 + by; at >= 0 && at < fates.length; at += by) if (!fates[at]) return at + 1;
  return row;
}

/** The row, from 1, that stands on a line, or the one after it. */
export function rowOnLine(people, line) {
  const at = people.findIndex((person) => person.line >= line);
  return at < 0 ? people.length : at + 1;
}
