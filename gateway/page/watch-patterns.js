// How each state is painted: a pattern of its own besides its colour, the same in bar, strip, legend.

import { MESSAGES } from "./states.js";

const TILE = 6;
const STROKES = {
  delivered: [["accent", "M-1 7L7 -1M-1 1L1 -1M5 7L7 5", 1.3]],
  unknown: [["warn", "M1.5 1.5h.01M4.5 4.5h.01", 1.9]],
  failed: [["bad-soft", "M0 0L6 6M6 0L0 6", 1]],
  skipped: [["ink-2", "M0 1.5H6M0 4.5H6", 1]],
  canceled: [["line-strong", "M1.5 0V6M4.5 0V6", 1]],
};
const GROUNDS = {
  read: ["accent", 1], delivered: ["accent", 0.28], sent: ["accent", 0.42], unknown: ["warn-soft", 1],
  failed: ["bad", 1], skipped: ["sunken", 1], canceled: ["surface", 1], waiting: ["sunken", 1],
};
const INKS = { read: "accent-ink", delivered: "ink", sent: "ink", unknown: "warn", failed: "surface", skipped: "ink-2", canceled: "ink-2" };

/**
 * The colours of the page as they are now, and the patterns made of them.
 * @typedef {{colour: function(string): string, patterns: Record<string, CanvasPattern>}} Palette
 * @returns {Palette}
 */
export function palette() {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name) => styles.getPropertyValue(`--${name}`).trim();
  const patterns = Object.fromEntries(Object.entries(STROKES).map(([part, strokes]) => [part, pattern(strokes, colour)]));
  return { colour, patterns };
}

function pattern(strokes, colour) {
  const scale = window.devicePixelRatio || 1;
  const tile = document.createElement("canvas");
  tile.width = Math.round(TILE * scale);
  tile.height = tile.width;
  const ctx = tile.getContext("2d");
  ctx.scale(tile.width / TILE, tile.width / TILE);
  ctx.lineCap = "round";
  for (const [name, path, wide] of strokes) {
    ctx.strokeStyle = colour(name);
    ctx.lineWidth = wide;
    ctx.stroke(new Path2D(path));
  }
  const made = ctx.createPattern(tile, "repeat");
  made.setTransform(new DOMMatrix().scale(TILE / tile.width));
  return made;
}

/** Paint one part into a rectangle. */
export function paint(ctx, colours, part, x, y, w, h) {
  const [name, alpha] = GROUNDS[part];
  ctx.fillStyle = colours.colour(name);
  ctx.globalAlpha = alpha;
  ctx.fillRect(x, y, w, h);
  ctx.globalAlpha = 1;
  if (!colours.patterns[part]) return;
  ctx.fillStyle = colours.patterns[part];
  ctx.fillRect(x, y, w, h);
}

const shapes = {};

/** Paint one message: its ground, and the shape of its state. */
export function paintOne(ctx, colours, part, x, y, size) {
  const [name, alpha] = GROUNDS[part];
  ctx.fillStyle = colours.colour(name);
  ctx.globalAlpha = alpha;
  ctx.fillRect(x, y, size, size);
  ctx.globalAlpha = 1;
  if (!INKS[part]) return;
  shapes[part] ??= new Path2D(MESSAGES[part].shape);
  ctx.save();
  ctx.translate(x + 1, y + 1);
  ctx.scale((size - 2) / 16, (size - 2) / 16);
  ctx.strokeStyle = colours.colour(INKS[part]);
  ctx.lineWidth = 2;
  ctx.lineCap = "round";
  ctx.stroke(shapes[part]);
  ctx.restore();
}

/** Fit a canvas to a size in CSS pixels. Returns its context, scaled to them. */
export function fitted(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.max(Math.round(width * scale), 1);
  canvas.height = Math.max(Math.round(height * scale), 1);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const ctx = canvas.getContext("2d");
  ctx.setTransform(canvas.width / Math.max(width, 1), 0, 0, canvas.height / Math.max(height, 1), 0, 0);
  return ctx;
}

/** Call back when colours or pixels change: dark and light, contrast, zoom. Returns the way to stop. */
export function whenColoursChange(listener) {
  const asked = ["(prefers-color-scheme: dark)", "(forced-colors: active)", `(resolution: ${window.devicePixelRatio}dppx)`];
  const queries = asked.map((query) => window.matchMedia(query));
  for (const query of queries) query.addEventListener("change", listener);
  return () => queries.forEach((query) => query.removeEventListener("change", listener));
}
