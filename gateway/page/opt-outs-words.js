// Who asked for no messages, in words, and what a text of numbers holds. Pure.

import { count, dialled, time } from "./words.js";

/** Who asked. Keys: `source` of the API. */
export const SOURCES = {
  recipient: { word: "the recipient", all: "Said by the recipient" },
  meta: { word: "WhatsApp’s settings", all: "Stopped in WhatsApp itself" },
  operator: { word: "one of you", all: "Added or imported" },
};

/** What is stopped. Keys: `scope` of the API. */
export const SCOPES = {
  all: { word: "all messages", tone: "bad", shape: "M4 4l8 8M12 4l-8 8", says: "nothing is sent, whatever the template" },
  marketing: { word: "marketing", tone: "warn", shape: "M3.5 8h9", says: "templates of the kinds utility and authentication still go out" },
};

/** The most that one request adds; longer lists are imported. */
export const MOST_ADDED = 10000;

/**
 * The numbers of a text, one a line or separated by commas or semicolons, each with its line.
 * @param {string} text @returns {Array<{line: number, text: string}>}
 */
export function entriesOf(text) {
  const lines = text.split(/\r\n|\r|\n/).map((line, place) => line.split(/[,;\t]/).map((part) => ({ line: place + 1, text: part.trim() })));
  return lines.flat().filter((entry) => entry.text);
}

/** Rejected entries with the line of the text that each stands on, instead of its place in the list. */
export function onTheirLines(rejected, entries) {
  return rejected.map((row) => ({ ...row, line: entries[row.line - 1]?.line ?? row.line }));
}

/** What is wrong with what was typed, before anybody is asked; null when nothing is. */
export function faultOf(entries) {
  if (!entries.length) return "Write a number here, with its country code: +49 1511 2345678.";
  if (entries.length > MOST_ADDED) return `That is ${count(entries.length, "number")}: more than ${count(MOST_ADDED, "number")} are imported as a file.`;
  return null;
}

/**
 * The question before a row is lifted. `isGrave`: the recipient has said so, and a tick is asked for.
 * @param {{number: string, source: string, reason: string, at: string}} row
 */
export function liftOf(row, now = new Date()) {
  const who = dialled(row.number);
  const when = time(row.at, now);
  if (row.source === "recipient") {
    return {
      title: `Lift the STOP of ${who}?`,
      text: `This person asked for it: ${row.reason}, ${when}. Whoever gets messages after a STOP reports them, and Meta lowers the quality of your number. Lift it only when they want to be written to again.`,
      confirm: "Lift their STOP",
      tick: "They have asked to be written to again",
      isGrave: true,
    };
  }
  if (row.source === "meta") {
    return {
      title: `Lift what WhatsApp says of ${who}?`,
      text: `WhatsApp told it: ${row.reason}, ${when}. Meta goes on refusing marketing messages until they resume them in WhatsApp; then it is lifted here by itself.`,
      confirm: "Lift it all the same",
      tick: null,
      isGrave: true,
    };
  }
  return {
    title: `Write to ${who} again?`,
    text: `It was put on the list by one of you: ${row.reason}, ${when}. Messages go out to it again.`,
    confirm: "Lift it",
    tick: null,
    isGrave: false,
  };
}

/** What became of a list that was added: a tone and a sentence. */
export function changeOf({ added, changed, unchanged, rejectedTotal }) {
  const parts = [
    `${count(added, "number")} added`,
    changed ? `${count(changed, "other", "others")} changed` : null,
    unchanged ? `${count(unchanged, "one", "others")} there already` : null,
  ].filter(Boolean);
  const taken = `${parts.join(", ")}.`;
  return rejectedTotal ? { tone: "warn", text: `${taken} ${count(rejectedTotal, "line")} could not be read:` } : { tone: "ok", text: taken };
}
