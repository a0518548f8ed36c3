// One job as a row of the list: made once, then only what differs is written.

import { h, refill, say } from "./dom.js";
import { shareBar } from "./jobs-bar.js";
import { nameOf, standing, whenOf } from "./jobs-shares.js";
import { badge } from "./parts.js";
import { JOBS } from "./states.js";
import { figure } from "./words.js";

/** The columns: `[name, class]`. */
export const COLUMNS = [["Job", "job-name"], ["State", "job-state"], ["Progress", "job-bar"], ["Recipients", "figure"], ["Sent", "figure"], ["Failed", "figure"], ["When", "job-when"], ["From", "job-from"]];

/**
 * @param {{numberOf: function(string): string, tracksReceipts: boolean}} context
 * @returns {{root: HTMLElement, update: function(any): void}}
 */
export function jobRow(context) {
  const parts = {
    link: h("a.job-link"), below: h("span.job-below"), state: h("span"), bar: shareBar(), standing: h("span.job-standing"),
    total: h("span"), sent: h("span"), failed: h("span"), word: h("span.job-when-word"), when: h("span"), from: h("span"),
  };
  const root = h("tr.job-row", { role: "row" }, cells(parts));
  let state = "";
  return {
    root,
    update: (job) => {
      if (job.state !== state) refill(parts.state, badge(JOBS[job.state]));
      state = job.state;
      written(parts, job, context);
    },
  };
}

function cells(parts) {
  const cell = (place, ...held) => h("td", { role: "cell", class: COLUMNS[place][1], "data-name": COLUMNS[place][0] }, held);
  return [
    h("th.job-name", { role: "rowheader", scope: "row" }, parts.link, parts.below),
    cell(1, parts.state), cell(2, parts.bar.root, parts.standing),
    cell(3, parts.total), cell(4, parts.sent), cell(5, parts.failed),
    cell(6, parts.word, " ", parts.when), cell(7, parts.from),
  ];
}

function written(parts, job, { numberOf, tracksReceipts }) {
  const [word, when] = whenOf(job);
  const href = `#/jobs/${job.jobId}`;
  if (parts.link.getAttribute("href") !== href) parts.link.setAttribute("href", href);
  say(parts.link, nameOf(job));
  say(parts.below, below(job));
  parts.bar.update(job);
  say(parts.standing, standing(job, tracksReceipts));
  say(parts.total, figure(job.totalRecipients));
  say(parts.sent, figure(job.sent));
  say(parts.failed, figure(job.failed));
  parts.failed.classList.toggle("is-bad", job.failed > 0);
  say(parts.word, word);
  say(parts.when, when);
  say(parts.from, numberOf(job.phoneNumberId));
}

function below(job) {
  const template = job.campaignName ? job.template || "free text" : "";
  return [template, job.isTest ? "test send" : "", job.parentId ? "sends a part again" : ""].filter(Boolean).join(" · ");
}
