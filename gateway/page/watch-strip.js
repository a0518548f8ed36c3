// The loops of a job as a strip of cells on one canvas, and one of them in words.

import { h, say } from "./dom.js";
import { MESSAGES } from "./states.js";
import { cellAt, dot, dotAt, layout, loopsOf, reached, rect, widths } from "./watch-layout.js";
import { shares, sizeOf, stateOf } from "./watch-model.js";
import { fitted, paint, paintOne, palette, whenColoursChange } from "./watch-patterns.js";
import { aboutLoops } from "./watch-words.js";
import { figure } from "./words.js";

/**
 * The strip of a model. `draw()` paints the loops that have changed.
 * @param {import("./watch-model.js").Model} model
 * @returns {{root: HTMLElement, detail: HTMLElement, draw: function(boolean=): void, stop: function(): void}}
 */
export function strip(model) {
  const made = new Strip(model);
  return { root: made.root, detail: made.detail, draw: (isWords) => made.draw(isWords), stop: () => made.stop() };
}

class Strip {
  constructor(model) {
    this.model = model;
    this.chosen = -1; // by hand; else the one that is on
    this.isAll = true;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.mark = h("div.strip-mark", { hidden: true });
    this.now = h("div.strip-now", { hidden: true });
    this.root = h(
      "div.strip",
      { role: "slider", tabindex: "0", "aria-label": "Loops", "aria-valuemin": "1", onkeydown: (event) => this.key(event) },
      this.canvas, this.now, this.mark,
    );
    this.detail = h("p.strip-detail");
    this.listen();
  }

  listen() {
    this.root.addEventListener("pointermove", (event) => this.point(event));
    this.root.addEventListener("pointerdown", (event) => this.point(event));
    this.root.addEventListener("pointerleave", () => this.choose(-1));
    this.root.addEventListener("blur", () => this.choose(-1));
    this.root.addEventListener("focus", () => this.choose(this.shown()));
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.root);
    this.unlisten = whenColoursChange(() => this.resize(true));
  }

  stop() {
    this.sizes.disconnect();
    this.unlisten();
  }

  resize(isForced = false) {
    const width = Math.floor(this.root.clientWidth);
    if (!width || (width === this.plan?.width && !isForced)) return;
    this.plan = layout(this.model.loops, this.model.loopSize, this.model.total, width);
    this.colours = palette();
    this.ctx = fitted(this.canvas, width, this.plan.height);
    this.isAll = true;
    this.draw();
  }

  draw(isWords = true) {
    if (!this.plan) return;
    const { dirty } = this.model;
    if (this.isAll) this.drawAll();
    else for (const cell of this.cellsOf(dirty)) this.drawCell(cell);
    this.isUntold ||= this.isAll || dirty.size > 0;
    dirty.clear();
    this.isAll = false;
    if (this.isUntold && isWords) this.tell();
  }

  cellsOf(loops) {
    if (this.plan.perCell === 1) return loops;
    return new Set([...loops].map((loop) => Math.floor(loop / this.plan.perCell)));
  }

  drawAll() {
    this.ctx.clearRect(0, 0, this.plan.width, this.plan.height);
    for (let cell = 0; cell < this.plan.cells; cell += 1) this.drawCell(cell);
    this.drawNumbers();
  }

  drawCell(cell) {
    if (this.plan.isSingle) return this.drawBlock(cell);
    const { x, y, w, h: high } = rect(this.plan, cell);
    this.ctx.clearRect(x, y, w, high);
    let at = x;
    for (const [part, wide] of widths(shares(this.model, ...loopsOf(this.plan, cell)), w)) {
      paint(this.ctx, this.colours, part, at, y, wide, high);
      at += wide;
    }
    return undefined;
  }

  drawBlock(loop) {
    const first = loop * this.model.loopSize;
    for (let index = 0; index < sizeOf(this.model, loop); index += 1) {
      const { x, y, w } = dot(this.plan, loop, index);
      this.ctx.clearRect(x, y, w, w);
      paintOne(this.ctx, this.colours, stateOf(this.model, first + index + 1), x, y, w);
    }
  }

  /** The number of the first loop of each row, before it. */
  drawNumbers() {
    this.ctx.fillStyle = this.colours.colour("ink-2");
    this.ctx.font = "12px system-ui, sans-serif";
    this.ctx.textAlign = "right";
    this.ctx.textBaseline = "middle";
    const step = this.plan.isSingle ? 1 : this.plan.columns;
    for (let cell = 0; cell < this.plan.cells; cell += step) {
      const { y, h: high } = rect(this.plan, cell);
      const middle = this.plan.isSingle ? y + 8 : y + high / 2 + 1;
      this.ctx.fillText(figure(loopsOf(this.plan, cell)[0] + 1), this.plan.gutter - 8, middle);
    }
  }

  shown() {
    const current = Math.floor(Math.max(this.model.current - 1, 0) / this.plan.perCell);
    return this.chosen < 0 ? current : this.chosen;
  }

  key(event) {
    const next = this.plan && reached(this.plan, this.shown(), event.key);
    if (next === null || next === undefined) return;
    event.preventDefault();
    this.choose(next);
  }

  point(event) {
    if (!this.plan) return;
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const cell = cellAt(this.plan, x, y);
    this.choose(cell, cell < 0 ? -1 : dotAt(this.plan, cell, x, y, sizeOf(this.model, cell)));
  }

  choose(cell, single = -1) {
    if (cell === this.chosen && single === this.single) return;
    this.chosen = cell;
    this.single = single;
    if (this.plan) this.tell();
  }

  /** One loop in words, and where it is. */
  tell() {
    this.isUntold = false;
    const cell = this.shown();
    const [first, last] = loopsOf(this.plan, cell);
    const said = aboutLoops(first, last, this.model.loops, shares(this.model, first, last));
    say(this.detail, this.singleWords() + said);
    this.root.setAttribute("aria-valuemax", String(this.plan.cells));
    this.root.setAttribute("aria-valuenow", String(cell + 1));
    this.root.setAttribute("aria-valuetext", said);
    place(this.mark, this.chosen >= 0 && rect(this.plan, this.chosen));
    place(this.now, this.model.state === "running" && this.model.current > 0 && rect(this.plan, this.currentCell()));
  }

  currentCell() {
    return Math.floor((this.model.current - 1) / this.plan.perCell);
  }

  singleWords() {
    if (!(this.single >= 0) || this.chosen < 0) return "";
    const seq = this.chosen * this.model.loopSize + this.single + 1;
    const state = stateOf(this.model, seq);
    return `Recipient ${figure(seq)}: ${MESSAGES[state]?.word ?? "waiting"}. `;
  }
}

function place(box, at) {
  box.hidden = !at;
  if (!at) return;
  box.style.transform = `translate(${at.x}px, ${at.y}px)`;
  box.style.width = `${at.w}px`;
  box.style.height = `${at.h}px`;
}
