// Which jobs the list shows, as its address has it and as the API is asked. Pure.

import { JOBS } from "./states.js";

export const PAGE = 25;
const GOING = "queued,running,paused,settling";

/** What the choice of states offers: `[value, word]`. */
export const STATE_CHOICES = [
  ["", "Any state"],
  [GOING, "Not over"],
  ...Object.entries(JOBS).map(([state, { word }]) => [state, word[0].toUpperCase() + word.slice(1)]),
];

/**
 * @typedef {{q: string, state: string, number: string, tests: boolean, offset: number}} JobFilter
 * @param {URLSearchParams} query @returns {JobFilter}
 */
export function filterOf(query) {
  const state = query.get("state") ?? "";
  const offset = Number.parseInt(query.get("offset") ?? "0", 10);
  return {
    q: (query.get("q") ?? "").slice(0, 100),
    state: STATE_CHOICES.some(([value]) => value === state) ? state : "",
    number: /^\d{1,30}$/.test(query.get("number") ?? "") ? query.get("number") : "",
    tests: query.get("tests") === "shown",
    offset: offset > 0 && offset < 1e9 ? offset : 0,
  };
}

/** The address that shows the same again; what is usual is left out. */
export function hashOf(filter) {
  const told = new URLSearchParams();
  if (filter.q) told.set("q", filter.q);
  if (filter.state) told.set("state", filter.state);
  if (filter.number) told.set("number", filter.number);
  if (filter.tests) told.set("tests", "shown");
  if (filter.offset) told.set("offset", String(filter.offset));
  return told.size ? `#/?${told}` : "#/";
}

/** What the API is asked. */
export function asked(filter) {
  return { q: filter.q, state: filter.state, phoneNumberId: filter.number, tests: filter.tests ? null : "false", limit: PAGE, offset: filter.offset };
}

/** Whether it leaves anything out that is no test. */
export const isNarrow = (filter) => Boolean(filter.q || filter.state || filter.number);
