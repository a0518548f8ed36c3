// A small bar of what a job is made up of: each part has a pattern of its own besides its colour.

import { h } from "./dom.js";
import { sharesOf, sharesSaid } from "./jobs-shares.js";

/** @returns {{root: HTMLElement, update: function(any): void}} */
export function shareBar() {
  const root = h("div.shares", { role: "img" });
  const parts = new Map();
  return { root, update: (job) => drawn(root, parts, job) };
}

function drawn(root, parts, job) {
  const shares = sharesOf(job);
  for (const [part, element] of parts) {
    if (shares.some(([name]) => name === part)) continue;
    element.remove();
    parts.delete(part);
  }
  let before = null;
  for (const [part, much] of shares) {
    const element = parts.get(part) ?? h("span.share", { class: `is-${part}` });
    parts.set(part, element);
    element.style.setProperty("flex-grow", String(much / job.totalRecipients));
    const place = before ? before.nextSibling : root.firstChild;
    if (place !== element) root.insertBefore(element, place);
    before = element;
  }
  const said = `Of ${job.totalRecipients}: ${sharesSaid(job)}`;
  if (root.getAttribute("aria-label") !== said) {
    root.setAttribute("aria-label", said);
    root.title = said;
  }
}
