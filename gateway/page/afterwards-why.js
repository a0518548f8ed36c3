// Who did not get it and why, who is in doubt, who was not sent to: grouped, with what to do about it.

import { named, notSent } from "./afterwards-sums.js";
import { h, refill } from "./dom.js";
import { dialled, figure, percent, time, whyOf } from "./words.js";

/** @returns {{root: HTMLElement, update: function(any): void}} */
export function reasons(job) {
  const root = h("div");
  let shown = "";
  const update = (told) => {
    const now = JSON.stringify([told.errors, told.inDoubt, told.doubtUntil, notSent(told), told.failed, told.unknown]);
    if (now === shown) return;
    shown = now;
    refill(root, failures(told), doubts(told), others(told));
  };
  update(job);
  return { root, update };
}

function failures(job) {
  const title = h("h2", { id: "after-why" }, "Who did not get it, and why");
  if (!job.errors.length) return h("section.card", { "aria-labelledby": "after-why" }, title, h("p.muted", null, "Meta refused nobody."));
  return h("section.card", { "aria-labelledby": "after-why" }, title, h("ul.after-groups", null, job.errors.map((error) => group(job, error))));
}

function group(job, error) {
  const who = `#/jobs/${job.jobId}/recipients?code=${error.code}`;
  const isNamed = error.code !== 0; // without a code there is nothing to ask for
  return h(
    "li.after-group", null,
    h("div.after-count", null, h("strong", null, figure(error.count)), h("span.muted", null, percent(error.count, job.totalRecipients))),
    h("div", null,
      h("h3", null, error.meaning),
      h("p.muted.small", null, "Meta says: ", named(error), error.details && error.details !== error.title ? h("span", null, " – ", error.details) : null),
      h("p", null, h("span.after-todo", null, "What to do: "), `${error.advice}.`, " ", again(error)),
      isNamed ? h("p.after-links", null, h("a", { href: who }, `See ${error.count === 1 ? "who it is" : `all ${figure(error.count)}`}`), " ", h("a", { href: `/api/bulk/job/${job.jobId}/messages.csv?code=${error.code}`, download: true }, "as CSV")) : null),
  );
}

function again(error) {
  return error.mayBeSentAgain ? null : h("span.muted", null, "Sending it again would be no better.");
}

function doubts(job) {
  if (!job.unknown) return null;
  const until = job.doubtUntil ? `Receipts are awaited until ${time(job.doubtUntil)}.` : "A receipt that comes yet still settles them.";
  const rows = job.inDoubt.map(({ to, reason, details, at }) =>
    h("tr", null, h("td", null, h("a", { href: `#/recipients/${to}` }, dialled(to))), h("td", null, reason, details ? h("span.muted", null, ` ${whyOf({ reason: details })}`) : null), h("td", null, at ? time(at) : "–")),
  );
  const all = job.unknown > rows.length ? h("p.after-links", null, h("a", { href: `#/jobs/${job.jobId}/recipients?state=unknown` }, `See all ${figure(job.unknown)}`)) : null;
  return h(
    "section.card", { "aria-labelledby": "after-doubt" },
    h("h2", { id: "after-doubt" }, "In doubt"),
    h("p", null, `${figure(job.unknown)} may have left, and no readable answer came. They are not sent again by themselves. ${until}`),
    h("div.scroll.after-doubts", { tabindex: 0, role: "region", "aria-label": "Recipients in doubt" }, h("table", null, h("caption.unseen", null, "Recipients in doubt, the first 20"), h("thead", null, h("tr", null, ["To", "Why", "Left at"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", null, rows))),
    all,
  );
}

function others(job) {
  const kinds = notSent(job);
  if (!kinds.length) return null;
  const items = kinds.map(([words, much, state]) => h("li", null, h("a", { href: `#/jobs/${job.jobId}/recipients?state=${state}` }, figure(much)), ` ${words}`));
  return h("section.card", { "aria-labelledby": "after-others" }, h("h2", { id: "after-others" }, "Not sent, and no failure"), h("ul.after-list", null, items));
}
