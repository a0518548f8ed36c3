// The sum that comes out, and how far the messages came, as a part of the page.

import { h, picture, refill } from "./dom.js";
import { statesOf, stepsOf, sumOf } from "./afterwards-sums.js";
import { MESSAGES } from "./states.js";
import { count, figure, percent } from "./words.js";

/** @returns {{root: HTMLElement, update: function(any): void}} */
export function sums(job, tracksReceipts) {
  const title = h("h2", { id: "after-sum" });
  const sum = h("dl.after-sum");
  const steps = h("ol.after-steps");
  const root = h("section.card", { "aria-labelledby": "after-sum" }, title, sum, steps);
  let shown = "";
  const update = (told) => {
    const now = JSON.stringify([sumOf(told), stepsOf(told, tracksReceipts)]);
    if (now === shown) return;
    shown = now;
    const { terms, total, comesOut } = sumOf(told);
    title.textContent = comesOut ? `${total === 1 ? "The one recipient is" : `All ${count(total, "recipient")} are`} accounted for` : "The sum does not come out: make doctor recounts it";
    refill(sum, terms.map((term) => termOf(told, term)), whole(told, total));
    refill(steps, stepsOf(told, tracksReceipts).map((step) => stepOf(step, total)));
  };
  update(job);
  return { root, update };
}

function termOf(job, { state, word, count: much }) {
  const { tone, shape } = MESSAGES[state] ?? MESSAGES.queued;
  const href = `#/jobs/${job.jobId}/recipients?state=${statesOf(state)}`;
  const value = much ? h("a", { href }, figure(much)) : figure(much);
  return h("div.after-term", { class: `is-${tone}` }, h("dt", null, picture(shape), word), h("dd", null, value));
}

function whole(job, total) {
  return h("div.after-term.is-whole", null, h("dt", null, "recipients"), h("dd", null, h("a", { href: `#/jobs/${job.jobId}/recipients` }, figure(total))));
}

function stepOf({ step, word, count: much, of, ofWhat }, total) {
  const fill = h("span.after-fill", { class: `is-${step}` });
  fill.style.setProperty("width", `${total ? (much / total) * 100 : 0}%`);
  return h(
    "li", null,
    h("span.after-step", null, picture(MESSAGES[step].shape), word),
    h("span.after-track", { "aria-hidden": "true" }, fill),
    h("span.after-share", null, h("strong", null, figure(much)), " ", h("span.muted", null, of ? `${percent(much, of)} ${ofWhat}` : "–")),
  );
}
