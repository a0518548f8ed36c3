// Where each loop of the strip is drawn, and what a key or a pointer means there. Pure.

import { PARTS } from "./watch-model.js";

const MOST_CELLS = 1000;
const MOST_MESSAGES = 1200; // that are drawn one by one
const MOST_BLOCKS = 6;
const GAP = 3;
const GUTTER = 44;
const DOT_LEAST = 12;
const DOT_MOST = 20;
const DOT_GAP = 2;
const BLOCK_GAP = 12;
const COLUMNS = [100, 50, 40, 25, 20, 16, 10]; // so that loops end where rows do

/**
 * `single`: each message is a square, each loop a block of them. Else each cell is a loop, or of
 * very many loops a run of `perCell`.
 * @typedef {{isSingle: boolean, width: number, height: number, gutter: number, columns: number,
 *   cells: number, perCell: number, cellWidth: number, cellHeight: number,
 *   lastHeight?: number, dotSize?: number, loops: number}} Layout
 */

/** @returns {Layout} */
export function layout(loops, loopSize, total, width) {
  const isSingle = loops <= MOST_BLOCKS && total <= MOST_MESSAGES;
  return isSingle ? blocks(loops, Math.min(loopSize, total), total, width) : cells(loops, width);
}

function blocks(loops, loopSize, total, width) {
  const room = width - GUTTER + DOT_GAP;
  const columns = COLUMNS.find((many) => room / many >= DOT_LEAST + DOT_GAP) ?? 10;
  const dotSize = Math.max(Math.min(Math.floor(room / columns) - DOT_GAP, DOT_MOST), 4);
  const step = dotSize + DOT_GAP;
  const highOf = (size) => Math.ceil(size / columns) * step - DOT_GAP;
  const [cellHeight, lastHeight] = [highOf(loopSize), highOf(total - (loops - 1) * loopSize)];
  const height = (loops - 1) * (cellHeight + BLOCK_GAP) + lastHeight;
  const cellWidth = Math.min(columns, loopSize) * step - DOT_GAP;
  return { isSingle: true, width, height, gutter: GUTTER, columns, cells: loops, perCell: 1, cellWidth, cellHeight, lastHeight, dotSize, loops };
}

function cells(loops, width) {
  const perCell = Math.ceil(loops / MOST_CELLS);
  const many = Math.ceil(loops / perCell);
  const isNarrow = width < 480;
  const least = many > 120 ? (isNarrow ? 24 : 40) : many > 24 ? (isNarrow ? 40 : 64) : (isNarrow ? 72 : 128);
  const room = width - GUTTER;
  const columns = Math.min(Math.max(Math.floor((room + GAP) / (least + GAP)), 1), many);
  const cellWidth = Math.floor((room + GAP) / columns) - GAP;
  const cellHeight = many > 120 ? 20 : 28;
  const height = Math.ceil(many / columns) * (cellHeight + GAP) - GAP;
  return { isSingle: false, width, height, gutter: GUTTER, columns, cells: many, perCell, cellWidth, cellHeight, loops };
}

/** The place of a cell. */
export function rect(plan, cell) {
  const high = cell === plan.cells - 1 ? plan.lastHeight : plan.cellHeight;
  if (plan.isSingle) return { x: plan.gutter, y: cell * (plan.cellHeight + BLOCK_GAP), w: plan.cellWidth, h: high };
  const column = cell % plan.columns;
  const row = Math.floor(cell / plan.columns);
  return { x: plan.gutter + column * (plan.cellWidth + GAP), y: row * (plan.cellHeight + GAP), w: plan.cellWidth, h: plan.cellHeight };
}

/** The place of a message (from 0) within its block. */
export function dot(plan, cell, index) {
  const { x, y } = rect(plan, cell);
  const step = plan.dotSize + DOT_GAP;
  return { x: x + (index % plan.columns) * step, y: y + Math.floor(index / plan.columns) * step, w: plan.dotSize, h: plan.dotSize };
}

/** The cell under a point, or -1. */
export function cellAt(plan, x, y) {
  if (x < plan.gutter) return -1;
  if (plan.isSingle) {
    const block = Math.floor(y / (plan.cellHeight + BLOCK_GAP));
    return block < plan.cells ? block : -1;
  }
  const column = Math.floor((x - plan.gutter) / (plan.cellWidth + GAP));
  const cell = Math.floor(y / (plan.cellHeight + GAP)) * plan.columns + column;
  return column < plan.columns && cell < plan.cells ? cell : -1;
}

/** The message (from 0) of a block under a point, or -1. */
export function dotAt(plan, cell, x, y, size) {
  if (!plan.isSingle) return -1;
  const block = rect(plan, cell);
  const step = plan.dotSize + DOT_GAP;
  const column = Math.floor((x - block.x) / step);
  const index = Math.floor((y - block.y) / step) * plan.columns + column;
  return column >= 0 && column < plan.columns && index >= 0 && index < size ? index : -1;
}

/** The cell that a key leads to from `cell`; null where it leads nowhere. */
export function reached(plan, cell, key) {
  const row = plan.isSingle ? 1 : plan.columns;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row, PageUp: -5 * row, PageDown: 5 * row };
  if (key === "Home") return 0;
  if (key === "End") return plan.cells - 1;
  if (!(key in steps)) return null;
  return Math.min(Math.max(cell + steps[key], 0), plan.cells - 1);
}

/** The first and the last loop (from 0) of a cell. */
export const loopsOf = (plan, cell) => [cell * plan.perCell, Math.min((cell + 1) * plan.perCell, plan.loops) - 1];

/**
 * Shares as widths of whole pixels, in the order of PARTS. What is there at all is seen: it gets two
 * pixels, taken from what waits or else from the widest.
 * @returns {Array<[string, number]>}
 */
export function widths(shares, width) {
  const least = Math.min(2, width);
  const parts = [...PARTS, "waiting"].filter((part) => shares[part] > 0);
  const made = parts.map((part) => [part, Math.max(Math.round((shares[part] / shares.size) * width), least)]);
  const spare = made.reduce((sum, [, wide]) => sum + wide, 0) - width;
  const widest = made.reduce((best, next) => (next[1] > best[1] ? next : best), ["", 0]);
  widest[1] = Math.max(widest[1] - spare, 0);
  return made;
}
