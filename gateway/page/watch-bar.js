// The bar of the whole job, and what its patterns mean with the figures of each.

import { h, picture, say } from "./dom.js";
import { MESSAGES } from "./states.js";
import { widths } from "./watch-layout.js";
import { done, jobShares } from "./watch-model.js";
import { fitted, paint, palette, whenColoursChange } from "./watch-patterns.js";
import { madeUp } from "./watch-words.js";
import { figure, percent } from "./words.js";

const HIGH = 22;
const LEGEND = ["sent", "delivered", "read", "failed", "unknown", "skipped", "canceled", "waiting"];
const RARE = new Set(["unknown", "skipped", "canceled"]);
const RECEIPTS = new Set(["delivered", "read"]);

/**
 * @param {import("./watch-model.js").Model} model @param {boolean} tracksReceipts
 * @returns {{root: HTMLElement, draw: function(boolean=): void, stop: function(): void}}
 */
export function bar(model, tracksReceipts) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const root = h("div.whole", { role: "progressbar", "aria-label": "Progress", "aria-valuemin": "0", "aria-valuemax": "100" }, canvas);
  const items = LEGEND.map((part) => item(part));
  const legend = h("dl.legend", null, items.map((each) => each.root));
  let colours = null;
  let ctx = null;
  let width = 0;

  const draw = (isWords = true) => {
    if (!ctx) return;
    const parts = jobShares(model);
    let at = 0;
    ctx.clearRect(0, 0, width, HIGH);
    for (const [part, wide] of widths(parts, width)) {
      paint(ctx, colours, part, at, 0, wide, HIGH);
      at += wide;
    }
    if (!isWords) return;
    root.setAttribute("aria-valuenow", String(Math.floor((done(model) / model.total) * 100)));
    root.setAttribute("aria-valuetext", madeUp(parts));
    for (const each of items) each.draw(model, parts, tracksReceipts);
  };
  const resize = (isForced) => {
    if (!root.clientWidth || (root.clientWidth === width && isForced !== true)) return;
    width = root.clientWidth;
    colours = palette();
    ctx = fitted(canvas, width, HIGH);
    for (const each of items) each.paint(colours);
    draw();
  };
  const sizes = new ResizeObserver(() => resize());
  sizes.observe(root);
  const unlisten = whenColoursChange(() => resize(true));
  return {
    root: h("div", null, root, legend),
    draw,
    stop: () => {
      sizes.disconnect();
      unlisten();
    },
  };
}

function item(part) {
  const { word, shape, says } = MESSAGES[part] ?? MESSAGES.queued;
  const swatch = h("canvas.swatch", { "aria-hidden": "true" });
  const value = h("span");
  const share = h("span.hint");
  const root = h("div", { title: says }, h("dt", null, swatch, picture(shape), word), h("dd", null, value, " ", share));
  return {
    root,
    paint: (colours) => paint(fitted(swatch, 20, 14), colours, part, 0, 0, 20, 14),
    draw: (model, parts, tracksReceipts) => {
      const much = part === "waiting" ? parts.waiting : model.totals[part];
      root.hidden = (RARE.has(part) && !much) || (RECEIPTS.has(part) && !tracksReceipts && !much);
      say(value, figure(much));
      say(share, much ? percent(much, model.total) : "");
    },
  };
}
