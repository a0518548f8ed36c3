// The last messages as they come: fifty rows at most, held still while somebody reads them.

import { h, picture, refill, say } from "./dom.js";
import { MESSAGES } from "./states.js";
import { feedLine } from "./watch-words.js";
import { count, dialled, figure, second, whyOf } from "./words.js";

const MOST = 50;
const STEP_MS = 250; // faster than this nobody reads
const TOLD = new Set(["message_sent", "message_failed", "message_skipped", "message_status"]);
const BAD = new Set(["failed", "skipped", "unknown"]);

/**
 * @param {string} jobId @param {function(): Promise<object[]>} askBad the first that did not go out
 * @returns {{root: HTMLElement, take: function(object): void, seed: function(object[]): void, draw: function(number): void}}
 */
export function feed(jobId, askBad) {
  const made = new Feed(jobId, askBad);
  return { root: made.root, take: (frame) => made.take(frame), seed: (messages) => made.seed(messages), draw: (now) => made.draw(now) };
}

class Feed {
  constructor(jobId, askBad) {
    this.askBad = askBad;
    this.all = [];
    this.bad = [];
    this.isBadOnly = false;
    this.isHeld = false;
    this.fresh = 0;
    this.drawnAt = 0;
    this.hasNews = true;
    this.rows = [];
    this.list = h("ol.feed", { "aria-label": "Last messages", tabindex: "0" });
    this.held = h("p.hint.feed-held");
    this.none = h("p.hint", null, "Messages appear here as they are sent.");
    this.more = h("p.hint", { hidden: true }, h("a", { href: `#/jobs/${jobId}/recipients?state=failed,unknown,skipped,canceled` }, "All that did not go out"));
    this.root = h("section.card", { "aria-labelledby": "feed-title" }, this.head(), this.none, this.list, this.more);
    for (const [event, isHeld] of [["pointerenter", true], ["pointerleave", false], ["focusin", true], ["focusout", false]]) {
      this.list.addEventListener(event, () => this.hold(isHeld));
    }
  }

  head() {
    const choose = (event) => {
      this.isBadOnly = event.target.checked;
      this.more.hidden = !this.isBadOnly;
      this.hasNews = true;
      this.draw(Infinity);
      if (this.isBadOnly) this.seekBad();
    };
    const only = h("label.choice", null, h("input", { type: "checkbox", onchange: choose }), "Only those that did not go out");
    return h("div.card-head", null, h("h2", { id: "feed-title" }, "Last messages"), this.held, only);
  }

  /** Those that came to nothing before anybody watched are asked for when somebody wants them. */
  async seekBad() {
    const known = new Set(this.bad.map(({ seq }) => seq));
    const more = (await this.askBad()).map(lineOf).filter(({ seq }) => !known.has(seq));
    this.bad = [...this.bad, ...more].sort((one, other) => other.seq - one.seq).slice(0, MOST);
    this.hasNews = true;
    this.draw(Infinity);
  }

  hold(isHeld) {
    this.isHeld = isHeld;
    this.fresh = 0;
    this.list.classList.toggle("is-held", isHeld);
    say(this.held, isHeld ? "Held while you read" : "");
    if (!isHeld) this.draw(Infinity);
  }

  take(frame) {
    if (!TOLD.has(frame.type)) return;
    const line = feedLine(frame);
    const old = this.all.find((each) => each.seq === line.seq);
    this.hasNews = true;
    if (old) Object.assign(old, { state: line.state, why: line.why || old.why });
    else if (frame.type !== "message_status" || line.state === "failed") this.push(this.all, { ...line, at: Date.now() });
    if (BAD.has(line.state)) this.noteBad(line);
  }

  noteBad(line) {
    const old = this.bad.find((each) => each.seq === line.seq);
    if (old) Object.assign(old, { state: line.state, why: line.why });
    else this.push(this.bad, { ...line, at: Date.now() });
  }

  push(lines, line) {
    lines.unshift(line);
    if (lines.length > MOST) lines.pop();
    if (lines === (this.isBadOnly ? this.bad : this.all)) this.fresh += 1;
  }

  /** Messages that had an end before anybody watched, in the order of the job. */
  seed(messages) {
    const ended = messages.map(lineOf).filter(({ state }) => state !== "queued" && state !== "sending" && state !== "canceled");
    const known = new Set(this.all.map(({ seq }) => seq));
    this.all = [...this.all, ...ended.reverse().filter(({ seq }) => !known.has(seq))].slice(0, MOST);
    this.bad = this.all.filter(({ state }) => BAD.has(state));
    this.hasNews = true;
  }

  draw(now) {
    if (!this.hasNews || now - this.drawnAt < STEP_MS) return;
    if (this.isHeld) {
      if (this.fresh) say(this.held, `Held while you read; ${count(this.fresh, "newer one", "newer ones")}`);
      return;
    }
    this.drawnAt = Number.isFinite(now) ? now : 0;
    this.hasNews = false;
    const lines = this.isBadOnly ? this.bad : this.all;
    while (this.rows.length < lines.length) this.addRow();
    this.rows.forEach((row, at) => row.show(lines[at]));
    this.list.hidden = !lines.length;
    this.none.hidden = Boolean(lines.length);
    say(this.none, this.isBadOnly ? "So far everything went out." : "Messages appear here as they are sent.");
  }

  addRow() {
    const row = feedRow();
    this.rows.push(row);
    this.list.append(row.root);
  }
}

const lineOf = ({ seq, to, state, error, reason, sentAt, failedAt, claimedAt }) => ({ seq, to: dialled(to), state, why: whyOf({ reason, error }), at: sentAt ?? failedAt ?? claimedAt });

/** A row that shows one line or another: rows stay, only their words change. */
function feedRow() {
  const at = h("span.feed-at");
  const to = h("span.feed-to");
  const seq = h("span.hint.feed-seq");
  const state = h("span.badge");
  const why = h("span.feed-why");
  const root = h("li", null, at, to, seq, state, why);
  let shown = "";
  return {
    root,
    show: (line) => {
      root.hidden = !line;
      if (!line) return;
      say(at, line.at ? second(line.at) : "");
      say(to, line.to);
      say(seq, `no. ${figure(line.seq)}`);
      say(why, line.why);
      if (shown === line.state) return;
      shown = line.state;
      const told = MESSAGES[line.state] ?? MESSAGES.sent;
      state.className = `badge ${told.tone}`;
      refill(state, picture(told.shape), told.word);
    },
  };
}
