// All jobs, live: what they do, what became of them, and the way to each.

import { get } from "./api.js";
import { h, keyed, refill, say } from "./dom.js";
import { filterBar } from "./jobs-filter.js";
import { PAGE, asked, filterOf, hashOf, isNarrow } from "./jobs-query.js";
import { COLUMNS, jobRow } from "./jobs-row.js";
import { figuresOf, pageSaid } from "./jobs-shares.js";
import { every } from "./live.js";
import { stopEverything } from "./numbers-brakes.js";
import { stopPicture } from "./numbers-card.js";
import { empty, linkButton, loading, refusal } from "./parts.js";
import { zone } from "./words.js";

export const title = "Jobs";

const GOING = new Set(["queued", "running"]);
const POLL_MS = 2000;
const FIGURES_MS = 30000;

/** @param {HTMLElement} main @param {Record<string, any>} params @param {import("./app.js").App} app */
export function show(main, params, app) {
  const list = new Jobs(main, filterOf(params.query), app);
  return () => list.stop();
}

class Jobs {
  constructor(main, filter, app) {
    Object.assign(this, { filter, app, names: new Map() });
    this.figures = h("dl.jobs-figures");
    this.problem = h("div");
    this.bar = filterBar(filter, (change) => this.choose({ ...change, offset: 0 }));
    this.body = h("tbody", { role: "rowgroup" });
    this.table = h("div.jobs-table", { hidden: true }, table(this.body));
    this.nothing = h("div", null, loading());
    this.pages = pager((offset) => this.choose({ offset }));
    const create = app.may("send") ? linkButton("#/new", "New message", "primary") : null;
    this.brake = h("button.stop", { type: "button", hidden: true, onclick: () => this.pull() }, stopPicture(), "Stop everything");
    main.append(h("div.head", null, h("h1", null, title), h("div.actions", null, this.brake, create)), h("div.jobs-month", null, h("h2.jobs-month-title", null, "Last 30 days"), this.figures), this.bar.root, this.problem, this.table, this.nothing, this.pages.root);
    this.row = () => jobRow({ numberOf: (id) => this.names.get(id) ?? id, tracksReceipts: app.service.tracksReceipts });
    this.listing = every(POLL_MS, () => this.list());
    this.counting = every(FIGURES_MS, () => this.count());
    this.nameNumbers();
  }

  choose(change) {
    this.filter = { ...this.filter, ...change };
    history.replaceState(history.state, "", hashOf(this.filter));
    this.isAsked = true;
    this.list();
  }

  /** What comes late, for another filter or after the view was left, is thrown away. */
  async list() {
    const wanted = this.filter;
    const answer = await get("/api/bulk/jobs", { query: asked(wanted), keepsSession: false });
    if (this.isStopped || wanted !== this.filter) return;
    refill(this.problem, ...(answer.ok ? [] : [this.problemOf(answer)]));
    if (answer.ok) await this.draw(answer.data);
    else this.nothing.hidden = true;
  }

  problemOf(answer) {
    if (this.told === answer.message && this.problem.firstChild) return this.problem.firstChild;
    this.told = answer.message;
    return refusal(answer, () => this.list());
  }

  async draw({ jobs, pagination }) {
    if (!jobs.length && pagination.offset) return this.choose({ offset: Math.max(Math.floor((pagination.total - 1) / PAGE), 0) * PAGE });
    keyed(this.body, jobs, (job) => job.jobId, this.row);
    this.table.hidden = !jobs.length;
    this.pages.update(pagination, jobs.length);
    if (this.isAsked) this.app.announce(pageSaid(pagination, jobs.length));
    this.isAsked = false;
    this.brake.hidden = !this.app.may("control") || !jobs.some(({ state }) => GOING.has(state));
    await this.drawNothing(jobs.length);
    return undefined;
  }

  async pull() {
    if (!(await stopEverything())) return;
    this.app.announce("Everything is stopped.");
    this.app.go("#/numbers"); // where it is released
  }

  async drawNothing(shown) {
    this.nothing.hidden = shown > 0;
    const kind = shown ? "" : isNarrow(this.filter) ? "narrow" : "first";
    if (kind === this.kind) return;
    this.kind = kind;
    if (kind === "narrow") refill(this.nothing, empty("No job fits", "Nothing has this name and this state.", h("button", { type: "button", onclick: () => this.widen() }, "Show all jobs")));
    if (kind === "first") refill(this.nothing, first(this.app));
  }

  widen() {
    this.choose({ q: "", state: "", number: "", offset: 0 });
    this.bar.show(this.filter);
    this.bar.focus();
  }

  async count() {
    const answer = await get("/api/bulk/stats", { query: { zone: zone(), by: "number" } });
    if (this.isStopped || !answer.ok) return;
    this.figures.parentElement.hidden = !answer.data.totals.jobs;
    const pairs = figuresOf(answer.data.totals, this.app.service.tracksReceipts);
    refill(this.figures, pairs.map(([word, value]) => h("div", null, h("dt", null, word), h("dd", null, value))));
  }

  async nameNumbers() {
    const answer = await get("/api/numbers");
    if (this.isStopped || !answer.ok) return;
    for (const number of answer.data.numbers) this.names.set(number.phoneNumberId, number.name || number.displayPhoneNumber || number.phoneNumberId);
    this.table.classList.toggle("is-one-number", this.names.size < 2);
    this.bar.numbers([...this.names]);
  }

  stop() {
    this.isStopped = true;
    this.listing.stop();
    this.counting.stop();
    this.bar.stop();
  }
}

function table(body) {
  const heads = COLUMNS.map(([name, style]) => h("th", { role: "columnheader", scope: "col", class: style }, name));
  return h("table", { role: "table" }, h("caption.unseen", null, "Jobs, newest first"), h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)), body);
}

function first(app) {
  const sandbox = app.service.sandboxUrl;
  const where = sandbox ? " Nothing reaches a real phone for now: messages go to the sandbox." : "";
  const text = "A job is one message to a list of people. Choose a template, paste numbers or drop a file, and see what will happen before anything leaves.";
  const actions = [app.may("send") ? linkButton("#/new", "Write the first message", "primary") : null, sandbox ? linkButton(sandbox, "See the sandbox") : null];
  return empty("No job yet", text + where, ...actions.filter(Boolean));
}

function pager(turn) {
  const said = h("span.muted");
  let offset = 0;
  const back = h("button", { type: "button", onclick: () => turn(Math.max(offset - PAGE, 0)) }, "Newer");
  const on = h("button", { type: "button", onclick: () => turn(offset + PAGE) }, "Older");
  const root = h("nav.pager", { "aria-label": "Pages", hidden: true, tabindex: "-1" }, said, h("span.pager-buttons", null, back, on));
  return {
    root,
    update: (pagination, shown) => {
      offset = pagination.offset;
      root.hidden = !shown;
      root.classList.toggle("is-whole", pagination.total <= shown);
      say(said, pageSaid(pagination, shown));
      if ((!offset && document.activeElement === back) || (!pagination.hasMore && document.activeElement === on)) root.focus();
      back.disabled = !offset;
      on.disabled = !pagination.hasMore;
    },
  };
}
