// Jobs of the last day that sent the same template: whoever is on both lists gets it twice.

import { jobsOf } from "./compose-asks.js";
import { drawnOf } from "./compose-controls.js";
import { repeatSaid, repeatsOf } from "./compose-repeats-words.js";
import { h } from "./dom.js";
import { notice } from "./parts.js";
import { count } from "./words.js";

const MOST_SAID = 2;

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function repeatsPart(ctx) {
  const root = h("div");
  const draw = drawnOf(root, (place, jobs) => jobs.length && place.append(told(jobs)));
  return {
    root,
    refresh() {
      const { draft, repeats } = ctx;
      const template = draft.kind === "template" ? draft.template.trim() : "";
      if (template !== repeats.template) look(ctx, template);
      draw(ctx.repeats.jobs);
    },
  };
}

/** Asked once for a template. No answer is none: it keeps nobody from sending. */
function look(ctx, template) {
  ctx.repeats = { template, jobs: [] };
  ctx.asks.repeats.ask(async (signal) => {
    if (!template) return;
    const answer = await jobsOf(template, signal);
    if (signal.aborted || !answer.ok) return;
    ctx.repeats = { template, jobs: repeatsOf(answer.data.jobs, template) };
    ctx.refresh();
  });
}

/** The same in a dialog, where a link would lead away beneath it; `null` where nothing was sent. */
export const repeatsNotice = ({ repeats, draft }) => (draft.kind === "template" && repeats.jobs.length ? told(repeats.jobs, false) : null);

/** Look anew: a press that nobody answered may have made a job. */
export function lookAgain(ctx) {
  ctx.repeats = { template: "", jobs: [] };
  ctx.refresh();
}

const linkTo = (job) => h("a", { href: `#/jobs/${encodeURIComponent(job.jobId)}` }, "See that job");

function told(jobs, hasLinks = true) {
  const lines = jobs.slice(0, MOST_SAID).map((job) => h("p", null, `${repeatSaid(job)} `, hasLinks ? linkTo(job) : null));
  const more = jobs.length > MOST_SAID ? h("p", null, `And ${count(jobs.length - MOST_SAID, "job")} more since yesterday.`) : null;
  return notice("warn", null, lines, more, h("p", null, "Whoever is on both lists gets it twice."));
}
