// The rows of the list, one by one: on which line, for whom, and what becomes of each.

import { dialledOf, fatesOf, nextSent, rowOnLine } from "./compose-fates.js";
import { isFar, tableOf } from "./compose-order.js";
import { isNumberless, plainly } from "./compose-said.js";
import { dialled, figure } from "./words.js";

/**
 * All that can be said of the rows, made once for each list and its check. `total` counts them, also
 * those that only the gateway has; `hasLines`: a row is named by its line, else by its place.
 */
export function peopleOf(ctx) {
  const { list, read, check, service } = ctx;
  const isOfThese = check?.state === "told" && ctx.checkedOf === read;
  const about = [read, isOfThese ? check : null, list.upload?.id, list.column];
  if (ctx.people?.about.every((one, at) => one === about[at])) return ctx.people;
  const people = about[1] && isNumberless(check, read.entries) ? [] : rowsOf(list, read);
  const isOfCountry = Boolean(list.region || service.defaultRegion);
  const isFarAway = isFar(list);
  const found = about[1] && !isFarAway ? fatesOf(people, check, isOfCountry) : unknown(people, about[1]);
  const total = isFarAway ? list.upload?.rows ?? 0 : people.length;
  const hasLines = !isFarAway && people.every((person, at) => !at || people[at - 1].line < person.line);
  ctx.people = { about, people, total, hasLines, isOfCountry, isFarAway, ...found };
  if (!ctx.isRowChosen) ctx.row = nextSent(ctx.people.fates, 0, 1) || 1;
  return ctx.people;
}

const unknown = (people, check) => ({ ...fatesOf(people, { rejected: check?.rejected ?? [], duplicates: 0 }, false), isSure: !check?.duplicates });

function rowsOf(list, read) {
  if (read.kind === "plain") return read.entries.map(({ line, value }) => ({ line, value, cells: null }));
  const { columns, body } = tableOf(list, read);
  const at = columns.indexOf(list.column);
  return body.map((row, index) => ({ line: read.entries?.[index]?.line ?? row.line, value: (row.cells[at] ?? "").trim(), cells: row.cells }));
}

/** "line 27", "row 3 (line 4)": what a row is called in a sentence. */
export function rowName({ people, hasLines, isFarAway }, row) {
  if (hasLines) return `line ${figure(people[row - 1]?.line ?? row)}`;
  const line = people[row - 1] ? ` (line ${figure(people[row - 1].line)})` : "";
  return isFarAway ? `row ${figure(row)}${line}` : `number ${figure(row)}`;
}

/** What stands before the box that goes to a row, what it holds, and how far it goes. */
export function placeIn({ people, hasLines, isFarAway, total }, row) {
  if (!hasLines) return { word: isFarAway ? "Row" : "Number", value: row, last: total };
  return { word: "Line", value: people[row - 1]?.line ?? row, last: people.at(-1)?.line ?? total };
}

/** The row that was asked for in that box, from 1. */
export function rowAsked({ people, hasLines, total }, value) {
  return Math.min(Math.max(hasLines ? rowOnLine(people, value) : value, 1), Math.max(total, 1));
}

/** A step on or back: rows that get nothing are passed over. */
export function stepped({ fates, total, people }, row, by) {
  const isBeyond = total > people.length && row + by > people.length;
  return isBeyond ? Math.min(row + by, total) : nextSent(fates, row, by);
}

/** Why a row gets nothing; "" where it gets the message. */
export function nothingSaid(rows, row) {
  const fate = rows.fates[row - 1];
  if (!fate) return "";
  const name = rowName(rows, row);
  const start = name[0].toUpperCase() + name.slice(1);
  if (fate.kind === "rejected") return `${start} gets nothing: ${plainly(fate.reason)}.`;
  return `${start} gets nothing: its number comes twice, and line ${figure(fate.first)} is sent.`;
}

/** The number of a row as it will be dialled where that is known, else as it was written. */
export function numberOf(rows, row, examples = []) {
  const { people, fates, isOfCountry, isSure, about } = rows;
  const value = people[row - 1]?.value ?? "";
  if (fates[row - 1]?.kind === "rejected") return value;
  const before = fates.slice(0, row - 1).filter((fate) => !fate).length;
  if (isSure && about[1] && !fates[row - 1] && examples[before]) return dialled(examples[before].to);
  return (isChecked(about[1], people[row - 1]) && dialledOf(value, isOfCountry)) || value;
}

/** Whether the row would stand among the rejected ones that are listed, if it were one. */
function isChecked(check, person) {
  if (!check || !person) return false;
  return check.rejectedTotal <= check.rejected.length || person.line < check.rejected.at(-1).line;
}
