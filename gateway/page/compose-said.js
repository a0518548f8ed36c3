// Sentences of the API that speak to programs, as they are said beside the choices of this page. Pure.

import { dialled, figure } from "./words.js";

/** Where the service writes to a stand-in for Meta. */
export const SANDBOX = "This is the sandbox: nothing reaches a phone.";

const WORDS = [
  [/, bring the file again with \?region= and its two letters, as [A-Z]{2}(; else write them with a \+)?\./, ", say which."],
  [/, bring it again with \?encoding=/, ", say below how it is written"],
  [/, bring it with \?hasHeader=false/, ", say so"],
  [/: name it with \?numberColumn=/, ": choose it below"],
  [/ or set DEFAULT_REGION/, ""],
  [/^1 of the numbers have no country code\. If they are all of one country/, "1 of the numbers has no country code. If you know its country"],
  [/: give its zone in a zoneColumn, or one zone for all/, ": choose a column with time zones, or one time zone"],
  [/^1 other jobs of the number, with (\d+) messages, take turns/, "1 other job of the number, with $1 messages, takes turns"],
];

/** The same without addresses and settings. */
export const plainly = (text) => WORDS.reduce((said, [words, instead]) => said.replace(words, instead), text);

/** A row that does not fill the template: "Line 27 (+49 1511 2000175): name is empty". */
export function rowSaid({ line, value, reason }) {
  const words = reason.replace(/^the column "(.*?)" /, "$1 ");
  return `Line ${figure(line)}${value ? ` (${value})` : ""}: ${plainly(words)}`;
}

/** What the plan rejects and the check of the list did not, such as a number of no known time zone. */
export function rejectedBesides(plan, check) {
  if (check?.state !== "told" || plan.rejectedTotal <= check.rejectedTotal) return [];
  const known = new Set(check.rejected.map((row) => `${row.value} ${row.reason}`));
  return plan.rejected.filter((row) => !known.has(`${row.value} ${row.reason}`));
}

/** Why one's own phone number cannot be written to. */
export function ownNumberSaid(reason) {
  return reason.startsWith("no country code") ? "Write it with + and the country code." : `${reason[0].toUpperCase()}${plainly(reason).slice(1)}.`;
}

/** Whether nothing in a list looks like a phone number: it is said once then, and not of each line. */
export function isNumberless({ valid, rejected, rejectedTotal }, entries = null) {
  const isText = (value) => /\p{L}/u.test(value) && value.replace(/\D/g, "").length < 5;
  const isNone = entries ? entries.every((entry) => isText(entry.value)) : rejected.every((row) => row.reason.startsWith("no column looks like phone numbers"));
  return !valid && rejectedTotal > 0 && isNone;
}

/** Numbers that come again; `numbers`: how many different ones, where that is known. */
export function twiceSaid(duplicates, numbers = 0) {
  if (duplicates === 1) return "1 number comes twice: only its first row is sent.";
  if (duplicates === numbers) return `${figure(duplicates)} numbers come twice: only the first row of each is sent.`;
  return `${figure(duplicates)} rows have a number that came before: only the first row of each number is sent.`;
}

/** A sending number: its name and number first, its id where that is all. */
export function numberSaid({ name, verifiedName, displayPhoneNumber, phoneNumberId, enabled }) {
  const known = [name ?? verifiedName, displayPhoneNumber ? dialled(displayPhoneNumber) : name ? `id ${phoneNumberId}` : null].filter(Boolean);
  const said = known.length ? known.join(", ") : phoneNumberId;
  return enabled ? said : `${said}: takes no new jobs`;
}

const FIRST_WORDS = 40; // characters

/** The beginning of a text, cut between two words. */
export function firstWords(text) {
  const line = text.replace(/\s+/g, " ").trim();
  if (line.length <= FIRST_WORDS) return line;
  const cut = line.slice(0, FIRST_WORDS + 1);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), FIRST_WORDS / 2)).replace(/[\s,;:.]+$/, "")}…`;
}

/** Whether a row was rejected because nobody knows its country. */
export const lacksCountry = (row) => row.reason.startsWith("no country code");
