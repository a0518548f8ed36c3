// The list on its way: read here, checked by the gateway, uploaded where it has columns.

import { plan, upload, uploaded } from "./compose-asks.js";
import { columnFor } from "./compose-fill.js";
import { wrongKind } from "./compose-kinds.js";
import { delimiterName, reading, widened } from "./compose-list.js";
import { freshList } from "./compose-draft.js";
import { aboutOf, checkOf, constants, digest, hasColumns, isFar, isTable } from "./compose-order.js";

const EDGE = 65536; // bytes: the table of contents of a ZIP is in its last
const MOST_READ_HERE = 2e6; // bytes: as much as the browser keeps over a reload, and reads at once

/** Take what was pasted or typed. */
export function pasted(ctx, text) {
  if (!text.trim()) Object.assign(ctx.list, { ...freshList(), testTo: ctx.list.testTo });
  Object.assign(ctx.list, { kind: "paste", name: "", text, full: null });
  ctx.file = null;
  ctx.read = reading(text, ctx.list.region);
  ctx.changed("list");
}

/** Take a file. A small CSV is read here, too: any of its rows can be shown then. */
export async function chosen(ctx, file) {
  const text = await textOf(file);
  const wrong = wrongKind(await edgesOf(file));
  Object.assign(ctx.list, { ...freshList(), kind: "file", name: file.name, text: text ?? "", wrong, testTo: ctx.list.testTo });
  ctx.file = file;
  ctx.isRowChosen = false;
  ctx.read = reading(text ?? "");
  ctx.changed("list");
}

/** Have it read otherwise: a country, a first row, a sheet. */
export function readAnew(ctx, wish) {
  Object.assign(ctx.list, wish);
  ctx.read = reading(ctx.list.text, ctx.list.region);
  ctx.changed("list");
}

/** Take the list away. */
export function removed(ctx) {
  Object.assign(ctx.list, { ...freshList(), testTo: ctx.list.testTo });
  ctx.file = null;
  ctx.isRowChosen = false;
  ctx.read = reading("");
  ctx.changed("list");
}

/** Its first bytes and its last ones, which tell what it is. */
async function edgesOf(file) {
  const bytes = async (from, to) => new Uint8Array(await file.slice(from, to).arrayBuffer());
  return { head: await bytes(0, EDGE), tail: await bytes(Math.max(file.size - EDGE, 0), file.size) };
}

/** Its text, where it is small and nothing but UTF-8; `null`: the gateway reads it. */
async function textOf(file) {
  if (file.size > MOST_READ_HERE) return null;
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") || /^sep=/i.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** Have the gateway look at the list. What comes out is `ctx.check`: tallies, a refusal, progress. */
export async function lookAt(ctx, signal) {
  const { list } = ctx;
  if (list.wrong) return show(ctx, { state: "refused", answer: { message: list.wrong } });
  if (!isTable(list, ctx.read)) return checkNumbers(ctx, signal);
  const about = aboutOf(list);
  if (list.upload && list.uploadOf === about) return stillThere(ctx, signal);
  if (isFar(list) && !ctx.file) return stillThere(ctx, signal);
  show(ctx, { state: "asking", share: 0 });
  const answer = await upload(bodyOf(ctx), queryOf(ctx), signal, (share) => show(ctx, { state: "asking", share }));
  if (signal.aborted) return undefined;
  if (!answer.ok) return unread(ctx, answer);
  return took(ctx, answer.data, about);
}

function unread(ctx, answer) {
  Object.assign(ctx.list, { upload: null, uploadOf: "", full: null });
  ctx.check = { state: "refused", answer };
  ctx.changed("checked");
}

function bodyOf({ list, read, file }) {
  if (isFar(list)) return file;
  return new Blob([read.entries ? widened(read.rows, 1, [], null) : list.text]);
}

function queryOf({ list, read }) {
  return {
    filename: list.name || "pasted.csv",
    hasHeader: read.entries ? false : list.hasHeader,
    numberColumn: isThere(list, read) ? list.picked : "",
    region: list.region,
    sheet: list.sheet,
    delimiter: isFar(list) ? "" : delimiterName(read.delimiter),
    encoding: isFar(list) ? list.encoding : "utf-8",
  };
}

/** A column that a table before this one had is none of it. */
function isThere(list, read) {
  return isFar(list) || /^Column \d+$/.test(list.picked) || read.rows[0].cells.some((cell) => cell.trim() === list.picked);
}

function took(ctx, data, about) {
  const { list } = ctx;
  Object.assign(list, { upload: data, uploadOf: about, full: null });
  list.column = data.numberColumn ?? (data.columns.includes(list.column) ? list.column : "");
  fillColumns(ctx);
  show(ctx, toldOf(ctx, data));
  ctx.changed("checked");
}

/** Lines as they were pasted: an upload of numbers alone has one a line. */
function toldOf({ read }, data) {
  return { state: "told", ...data, rejected: placed(data.rejected, read.entries) };
}

/** Columns that are called as a place is fill it, where nothing has been said of it. */
export function fillColumns({ draft, list, read, template }) {
  if (!hasColumns(list, read)) return;
  const columns = list.upload?.columns ?? [];
  for (const name of draft.keys) {
    const value = draft.values[name];
    const isSaid = value && (value.by === "value" ? value.value : columns.includes(value.column));
    if (isSaid || !columns.length) continue;
    const column = columnFor(name, columns, template);
    draft.values[name] = { by: "column", value: "", column, isGuess: Boolean(column) };
  }
}

async function stillThere(ctx, signal) {
  const { upload: known } = ctx.list;
  if (!known) return gone(ctx);
  show(ctx, toldOf(ctx, known));
  if (ctx.seen === known.id) return undefined;
  const answer = await uploaded(known.id, signal);
  if (signal.aborted) return undefined;
  if (answer.ok) ctx.seen = known.id;
  return answer.status === 404 ? gone(ctx) : undefined;
}

/** The upload is over: its text is brought again, a file must be chosen again. */
export function gone(ctx) {
  Object.assign(ctx.list, { upload: null, uploadOf: "", full: null });
  if (!isFar(ctx.list) || ctx.file) return ctx.changed("list");
  ctx.check = { state: "gone" };
  return ctx.changed("checked");
}

async function checkNumbers(ctx, signal) {
  if (ctx.read.kind === "empty") return show(ctx, null);
  show(ctx, { state: "asking", share: 1 });
  const { entries } = ctx.read;
  const answer = await plan(checkOf(ctx.list, ctx.read, ctx.service), signal);
  if (signal.aborted) return undefined;
  return show(ctx, answer.ok ? checked(answer.data, entries) : { state: "refused", answer });
}

/** Rejected numbers that were counted one by one: on their lines, and which of them they are (`at`). */
function placed(rejected, entries) {
  if (!entries) return rejected;
  return rejected.map((row) => ({ ...row, at: row.line - 1, line: entries[row.line - 1]?.line ?? row.line }));
}

function checked(data, entries) {
  const { refused } = data;
  const found = refused ? refused.details ?? {} : data;
  if (refused && !found.rejected) return { state: "refused", answer: refused };
  const rejected = placed(found.rejected, entries);
  const { accepted: valid = 0, duplicates = 0, suppressed = 0, rejectedTotal } = found;
  return { state: "told", rows: entries.length, valid, duplicates, suppressed, rejected, rejectedTotal };
}

function show(ctx, check) {
  ctx.check = check;
  ctx.checkedOf = ctx.read;
  ctx.refresh();
}

/**
 * Rows with the values that everybody gets beside them: a table is submitted as it was uploaded.
 * @returns {Promise<object|null>} a refusal, or nothing
 */
export async function bringConstants(ctx, signal) {
  const { draft, list, read } = ctx;
  const values = Object.entries(constants(draft));
  if (draft.kind === "text" || !isTable(list, read) || isFar(list) || !values.length) {
    list.full = null;
    return null;
  }
  const about = digest(list.uploadOf + JSON.stringify(values));
  if (list.full?.about === about) return null;
  const { columns, hasHeader } = list.upload;
  const names = values.map(([name], at) => (hasHeader ? `For everybody: ${name}` : `Column ${columns.length + at + 1}`));
  const text = widened(read.rows, columns.length, values.map(([, value]) => value), hasHeader ? names : null);
  const query = { ...queryOf(ctx), hasHeader, numberColumn: list.column, delimiter: "comma" };
  const answer = await upload(new Blob([text]), query, signal);
  if (!answer.ok) return answer;
  list.full = { id: answer.data.id, about, names: Object.fromEntries(values.map(([name], at) => [name, names[at]])) };
  return null;
}
