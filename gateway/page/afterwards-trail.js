// Where a job comes from, what was sent again of it, and who did what: its family and its trail.

import { get } from "./api.js";
import { trailLine } from "./afterwards-words.js";
import { h, refill } from "./dom.js";
import { badge, loading, refusal } from "./parts.js";
import { JOBS } from "./states.js";
import { count, time } from "./words.js";

/** @returns {{root: HTMLElement, update: function(any): void}} */
export function family(job) {
  const root = h("section.card", { "aria-labelledby": "after-family" });
  let shown = "";
  const update = (told) => {
    root.hidden = !told.parentId && !told.children.length;
    const now = JSON.stringify([told.parentId, told.children]);
    if (now === shown) return;
    shown = now;
    refill(root, h("h2", { id: "after-family" }, "Sent again"), told.parentId ? parent(told.parentId) : null, told.children.length ? h("ul.after-children", null, told.children.map(child)) : null);
  };
  update(job);
  return { root, update };
}

const parent = (id) => h("p", null, "This job sends a part of ", h("a", { href: `#/jobs/${id}` }, "an earlier job"), " again.");

function child({ jobId, state, totalRecipients, createdAt }) {
  return h("li", null, h("a", { href: `#/jobs/${jobId}` }, `${time(createdAt)}, to ${count(totalRecipients, "recipient")}`), " ", badge(JOBS[state]));
}

/** The trail, read when it is opened. */
export function trail(job) {
  const place = h("div");
  const root = h("details.card.after-trail", null, h("summary", null, "Trail: who did what, and when"), place);
  const read = async () => {
    if (!root.open) return;
    if (!place.firstChild) refill(place, loading());
    const answer = await get(`/api/bulk/job/${encodeURIComponent(job.jobId)}/audit`);
    refill(place, answer.ok ? lines(answer.data.entries) : refusal(answer, read));
  };
  root.addEventListener("toggle", read);
  return { root };
}

const MOST = 200; // the newest; the API has all

function lines(entries) {
  const cut = entries.length > MOST ? h("p.muted", null, `The last ${MOST} of ${count(entries.length, "entry", "entries")}.`) : null;
  return [cut, h("ol.after-lines", null, entries.slice(-MOST).map(line))].filter(Boolean);
}

function line(entry) {
  const { what, why } = trailLine(entry);
  return h("li", null, h("time.muted", { datetime: entry.at }, time(entry.at)), h("span", null, what, why ? h("span.muted", null, ` – ${why}`) : null));
}
