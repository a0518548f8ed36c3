// Rows of the list that get nothing, each with its line: rejected ones, and numbers that came before.

import { isFar } from "./compose-order.js";
import { peopleOf } from "./compose-people.js";
import { plainly, twiceSaid } from "./compose-said.js";
import { h } from "./dom.js";
import { count, figure } from "./words.js";

const MOST_SHOWN = 50; // rows: more is read in a spreadsheet

/** The rejected rows, and the way to have all of them as a file. */
export function rejectedPart(check) {
  if (!check.rejectedTotal) return null;
  const rows = check.rejected.map((row) => [figure(row.line), h("span.mono", null, row.value), plainly(row.reason)]);
  const more = check.rejectedTotal - check.rejected.length;
  const all = check.id ? h("a", { href: `/api/bulk/upload/${encodeURIComponent(check.id)}/rejected.csv`, download: "rejected.csv" }, "All of them as rejected.csv") : null;
  const hint = all || more > 0 ? h("p.hint", null, all, all ? ": mend it and bring it again. " : "", more > 0 ? `The first ${figure(rows.length)} are:` : "") : null;
  return opened(`${count(check.rejectedTotal, "line")} rejected: ${check.rejectedTotal === 1 ? "it gets" : "they get"} nothing`, check.rejectedTotal <= 5, [
    hint,
    tableOf("Rejected lines", ["Line", "Value", "Why"], rows),
  ]);
}

/** The rows whose number came before: those of a list that was read here can be shown. */
export function twicePart(ctx, check) {
  if (!check.duplicates) return null;
  const found = peopleOf(ctx);
  const more = check.duplicates - found.twice.length;
  const rows = found.twice.slice(0, MOST_SHOWN).map(({ at, first }) => cellsOf(ctx, found.people[at], found.people[first]));
  const shown = rows.length ? tableOf("Rows whose number came before", ["Line", "Number", "First in line", "Row"], rows) : null;
  return opened(twiceSaid(check.duplicates, found.isSure ? found.numbers : 0).replace(/\.$/, ""), false, [
    more > 0 ? h("p.hint", null, unlisted(ctx, more, rows.length)) : null,
    found.twice.length > rows.length ? h("p.hint", null, `The first ${figure(rows.length)} are:`) : null,
    shown,
  ]);
}

function unlisted({ list }, more, known) {
  if (isFar(list)) return "Which rows these are is not known here: of this file they are counted, not listed.";
  return known ? `${figure(more)} more are written another way than the row before them, and cannot be shown here.` : "They are written another way than the row before them, and cannot be shown here.";
}

function cellsOf({ list }, person, first) {
  const at = list.upload?.columns.indexOf(list.column) ?? -1;
  const others = (person.cells ?? []).filter((cell, place) => place !== at && cell.trim());
  return [figure(person.line), h("span.mono", null, person.value), figure(first.line), others.map((cell) => cell.trim()).join(", ")];
}

const opened = (title, open, content) => h("details.left-out", { open }, h("summary", null, title), content);

const FIGURES = new Set(["Line", "First in line"]);

function tableOf(label, names, rows) {
  const style = (at) => (FIGURES.has(names[at]) ? "figure" : "");
  const head = h("tr", null, names.map((name, at) => h("th", { scope: "col", class: style(at) }, name)));
  const body = rows.map((cells) => h("tr", null, cells.map((cell, at) => h("td", { class: style(at) }, cell))));
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": label }, h("table", null, h("thead", null, head), h("tbody", null, body)));
}
