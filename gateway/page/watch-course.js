// The course of a job as it goes: what it says of itself, the bar, the loops, the last messages.

import { showAfterwards } from "./afterwards.js";
import { get } from "./api.js";
import { h, refill, say } from "./dom.js";
import { onceAFrame } from "./live.js";
import { notice } from "./parts.js";
import { isOver } from "./states.js";
import { bar } from "./watch-bar.js";
import { feed } from "./watch-feed.js";
import { watchFigures } from "./watch-figures.js";
import { adopt, done, newModel, seed, taken, untold } from "./watch-model.js";
import { forget, newRate, noted } from "./watch-rate.js";
import { source } from "./watch-source.js";
import { strip } from "./watch-strip.js";
import { loopTable } from "./watch-table.js";
import { connection, heard, situation, tabTitle } from "./watch-words.js";

const BACK_MS = 12000; // how long it stays told that the connection was away
const MOST_ASKED = 3; // loops at once whose messages are asked for
const TICK_MS = 250; // for what counts down
const WORDS_MS = 100; // figures that change more often nobody reads; cells are painted in each frame

/**
 * @param {HTMLElement} main @param {any} job
 * @param {{app: import("./app.js").App, onState: function(any, string): void}} shell
 * @returns {{stop: function(): void, take: function(any): void, number: function(any): void}} `take` a job as
 *   a control answered it; `number` is the one that it is sent from
 */
export function course(main, job, shell) {
  const made = new Course(main, job, shell);
  return { stop: () => made.stop(), take: (told) => made.take(told), number: (number) => (made.model.number = number) };
}

class Course {
  constructor(main, job, { app, onState }) {
    Object.assign(this, { app, onState, polled: Date.now(), speed: newRate(), awaySince: null, back: null, wordsAt: 0 });
    this.model = newModel(job);
    this.parts = { bar: bar(this.model, app.service.tracksReceipts), strip: strip(this.model), feed: feed(job.jobId, () => this.askBad()), figures: watchFigures(app.service), table: loopTable(this.model) };
    this.link = h("p.notice.warn.connection", { role: "status", hidden: true });
    this.said = h("div");
    this.after = h("div");
    this.drawSoon = onceAFrame(() => this.draw());
    main.append(this.link, this.said, this.figures(), this.after, this.loops(), this.parts.feed.root);
    this.source = source(job, this.takers());
    this.timer = setInterval(this.drawSoon, TICK_MS);
    this.seedFeed(job);
    this.draw();
  }

  figures() {
    const heading = h("h2.unseen", { id: "progress-title" }, "Progress");
    return h("section.card", { "aria-labelledby": "progress-title" }, heading, this.parts.figures.root, this.parts.bar.root);
  }

  loops() {
    const { root, detail } = this.parts.strip;
    const heading = h("div.card-head", null, h("h2", { id: "loops-title" }, "Loops"), detail);
    return h("section.card", { "aria-labelledby": "loops-title" }, heading, root, this.parts.table.root);
  }

  takers() {
    return {
      onFrame: (frame) => this.frame(frame),
      onJob: (told, isFresh) => this.answered(told, isFresh),
      onMessages: (messages) => {
        seed(this.model, messages);
        this.drawSoon();
      },
      onAway: (isAway) => this.away(isAway),
      upto: () => Math.min(this.model.current * this.model.loopSize, this.model.total),
      state: () => this.model.state,
    };
  }

  frame(frame) {
    taken(this.model, frame, Date.now());
    this.parts.feed.take(frame);
    if (frame.type === "job_state" || frame.type === "job_completed") this.source.ask();
    if (frame.type === "connection") this.polled = Date.now();
    this.drawSoon();
  }

  /** Those in doubt have no event of their own. */
  reseed(loop) {
    const first = loop * this.model.loopSize;
    this.source.seed(first, Math.min(first + this.model.loopSize, this.model.total));
  }

  answered(told, isFresh) {
    adopt(this.model, told, isFresh);
    for (const loop of untold(this.model, told).slice(0, MOST_ASKED)) this.reseed(loop);
    this.polled = Date.now();
    if (this.isEndDue && isOver(told.state)) this.ended();
    this.drawSoon();
  }

  take(told) {
    this.answered(told, true);
    this.source.ask();
  }

  async askBad() {
    const query = { state: "failed,unknown,skipped", limit: 50 };
    const answer = await get(`/api/bulk/job/${encodeURIComponent(this.model.job.jobId)}/messages`, { query });
    return answer.ok ? answer.data.messages : [];
  }

  async seedFeed(job) {
    const upto = job.totalRecipients - job.queued - job.sending;
    if (!upto) return;
    const query = { after: Math.max(upto - 50, 0), limit: 50 };
    const answer = await get(`/api/bulk/job/${encodeURIComponent(job.jobId)}/messages`, { query });
    if (answer.ok) this.parts.feed.seed(answer.data.messages);
    this.drawSoon();
  }

  away(isAway) {
    const now = Date.now();
    if (isAway && !this.awaySince) this.awaySince = now;
    if (!isAway && this.awaySince) {
      this.back = { at: now, seconds: (now - this.awaySince) / 1000 };
      this.awaySince = null;
      forget(this.speed);
    }
    this.drawSoon?.();
  }

  draw() {
    const now = Date.now();
    const had = done(this.model);
    noted(this.speed, now, had);
    this.changed();
    const isWords = now - this.wordsAt >= WORDS_MS;
    this.parts.bar.draw(isWords);
    this.parts.strip.draw(isWords);
    if (isWords) this.drawWords(now, had);
  }

  drawWords(now, had) {
    this.wordsAt = now;
    this.drawLink(now);
    this.drawSaid(now);
    this.parts.figures.draw(this.model, this.speed, this.polled, now);
    this.parts.table.draw(now);
    this.parts.feed.draw(now);
    const title = tabTitle(this.model.job, this.model.state, had);
    if (document.title !== title) document.title = title;
  }

  /** What follows from another state: it is said once, and the head and the end are shown. */
  changed() {
    const { state, job } = this.model;
    this.onState(job, state);
    if (state === this.state) return;
    if (this.state) this.app.announce(heard(state, job));
    this.state = state;
    if (state === "canceled" && this.model.total <= 5000) this.source?.seed(0, this.model.total);
    if (isOver(state) || state === "settling") this.end();
    else this.goOn();
  }

  /** What was in doubt is sent again. */
  goOn() {
    this.leave?.();
    this.leave = null;
    this.parts.bar.root.classList.remove("is-over");
  }

  async end() {
    this.isEndDue = true;
    const answer = await get(`/api/bulk/job/${encodeURIComponent(this.model.job.jobId)}`);
    if (answer.ok && !this.isStopped) this.answered(answer.data, true);
  }

  /** What became of it is shown of the job as it ended: if that cannot be asked for now, later. */
  ended() {
    this.isEndDue = false;
    this.leave?.();
    this.parts.bar.root.classList.add("is-over"); // the sums below say what its patterns mean
    this.leave = showAfterwards(this.after, this.model.job, this.app);
  }

  drawLink(now) {
    if (this.back && now - this.back.at > BACK_MS) this.back = null;
    const text = connection(this.awaySince, this.back);
    this.link.hidden = !text;
    this.link.classList.toggle("ok", Boolean(text) && !this.awaySince);
    this.link.classList.toggle("warn", Boolean(this.awaySince));
    say(this.link, text);
  }

  drawSaid(now) {
    const told = situation(this.model.job, this.model.state, new Date(now));
    const key = told ? `${told.tone} ${told.link?.href}` : "";
    if (key !== this.saidKey) {
      this.saidKey = key;
      this.saidText = h("p");
      const link = told?.link && h("p", null, h("a", { href: told.link.href }, told.link.word));
      refill(this.said, told ? notice(told.tone, " ", this.saidText, link) : null);
      this.saidTitle = this.said.querySelector(".notice-title");
      this.said.firstChild?.removeAttribute("role"); // it counts down: the change of state is announced
    }
    if (!told) return;
    say(this.saidTitle, told.title);
    say(this.saidText, told.text ?? "");
  }

  stop() {
    this.isStopped = true;
    clearInterval(this.timer);
    this.source.stop();
    this.parts.bar.stop();
    this.parts.strip.stop();
    this.leave?.();
  }
}

