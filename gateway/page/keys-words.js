// What a key may, how it stands, and what is sent to make one, in words and values. Pure.

import { ago, time } from "./words.js";

/** What each scope lets somebody do. */
export const SCOPES = {
  read: "See jobs, recipients, figures and lists",
  send: "Send: submit jobs, test, send again, bring files",
  control: "Pause, resume and cancel jobs, the red button, the opt-outs",
  admin: "Everything, also keys and sending numbers",
};

/** How long a key may live: days; "" is for ever, "on" a day that is chosen. */
export const EXPIRIES = [["", "Never"], ["30", "In 30 days"], ["90", "In 90 days"], ["365", "In a year"], ["on", "On a day…"]];

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const MOST_PER_MINUTE = 1_000_000;

/** The state of a key: lives, revoked, expired. */
export function stateOf(key, now = new Date()) {
  if (key.revokedAt) return { word: "revoked", tone: "calm", shape: "M4 4l8 8M12 4l-8 8", says: `by ${key.revokedBy ?? "somebody"}, ${time(key.revokedAt, now)}` };
  if (!key.isLive) return { word: "expired", tone: "calm", shape: "M8 4.5V8l2.5 1.5M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z", says: "it opens nothing any more" };
  return { word: "valid", tone: "ok", shape: "M3 8.5l3.2 3.2L13 5", says: "it opens what it may" };
}

/** What a key may, in a few words: admin says all. */
export function mayOf(scopes) {
  return scopes.includes("admin") ? "everything" : scopes.join(", ");
}

/** When it was used last. */
export const usedOf = (key, now = new Date()) => (key.lastUsedAt ? ago(key.lastUsedAt, now) : "never");

/** Until when it holds; soon is told apart. */
export function expiryOf(key, now = new Date()) {
  if (!key.expiresAt) return { text: "never", isSoon: false };
  const days = (new Date(key.expiresAt) - now) / 86400e3;
  return { text: time(key.expiresAt, now), isSoon: key.isLive && days < 14 };
}

/** How often it may submit. */
export function oftenOf(perMinute) {
  if (perMinute === null || perMinute === undefined) return "as the service";
  return perMinute ? `${perMinute} a minute` : "no limit";
}

/**
 * The body of the `POST`, or what is wrong with which field.
 * @param {{name: string, scopes: string[], expiry: string, day: string, perMinute: string}} typed
 * @returns {{body: object|null, wrong: Record<string, string>}}
 */
export function bodyOf(typed, now = new Date()) {
  const expiresAt = momentOf(typed, now);
  const perMinute = typed.perMinute.trim();
  const wrong = {};
  if (!NAME.test(typed.name.trim())) wrong.name = "Letters, digits, dots, hyphens and underscores, 63 at most, beginning with a letter or digit.";
  if (!typed.scopes.length) wrong.scopes = "Choose at least one thing that it may.";
  if (expiresAt !== null && !(expiresAt > now)) wrong.day = "Choose a day that is to come.";
  if (perMinute && !(/^\d+$/.test(perMinute) && Number(perMinute) <= MOST_PER_MINUTE)) wrong.perMinute = "A whole number; 0 is no limit.";
  if (Object.keys(wrong).length) return { body: null, wrong };
  return {
    wrong,
    body: {
      name: typed.name.trim(),
      scopes: typed.scopes,
      ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}),
      ...(perMinute ? { submissionsPerMinute: Number(perMinute) } : {}),
    },
  };
}

/** When it ends: after so many days, or with the end of the day that was chosen, here. */
function momentOf({ expiry, day }, now) {
  if (!expiry) return null;
  if (expiry !== "on") return new Date(now.getTime() + Number(expiry) * 86400e3);
  return new Date(`${day}T23:59:59`);
}
