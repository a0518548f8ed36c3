// The head of a job's page: what it is called, its state, where it comes from, what to do with it.

import { h, refill } from "./dom.js";
import { badge } from "./parts.js";
import { JOBS } from "./states.js";
import { nameOf } from "./watch-words.js";
import { count, time } from "./words.js";

const TABS = [["", "Course"], ["/recipients", "Recipients"]];

/**
 * @param {any} job @param {string} tab "course" or "recipients" @param {HTMLElement|null} actions
 * @returns {{root: HTMLElement, show: function(string): void, name: function(any): void}} `name` shows the
 *   name of the number
 */
export function head(job, tab, actions) {
  const state = h("span.job-state");
  const place = h("span", null, job.phoneNumberId);
  const root = h(
    "div", null,
    h("p.job-back", null, h("a", { href: "#/jobs" }, "Jobs")),
    h("div.head.job-head", null, h("div.job-title", null, h("h1", null, nameOf(job)), state), actions),
    h("p.job-facts", null, facts(job, place)),
    tabs(job, tab),
  );
  let shown = "";
  return {
    root,
    name: (number) => number?.name && refill(place, number.name, " ", h("span.hint", null, number.phoneNumberId)),
    show: (now) => {
      if (now === shown) return;
      shown = now;
      refill(state, badge(JOBS[now] ?? JOBS.running));
    },
  };
}

function facts(job, number) {
  const loops = `${count(job.totalRecipients, "recipient")} in ${count(job.totalLoops, "loop")}`;
  const began = job.startedAt ? `started ${time(job.startedAt)}` : `submitted ${time(job.createdAt)}`;
  const parent = job.parentId && h("span", null, "sends ", h("a", { href: `#/jobs/${job.parentId}` }, "an earlier job"), " again");
  const what = job.campaignName ? `${job.template ? `template ${job.template}` : "free text"}` : null;
  return [loops, what, h("span", null, "from ", number), began, job.isTest ? "test send" : null, parent]
    .filter(Boolean)
    .map((fact) => h("span.job-fact", null, fact));
}

function tabs(job, tab) {
  const links = TABS.map(([end, word]) =>
    h("a", { href: `#/jobs/${job.jobId}${end}`, "aria-current": word.toLowerCase() === tab ? "page" : null }, word),
  );
  return h("nav.tabs", { "aria-label": "Job" }, links);
}
