// Tables that stack on narrow screens: each row becomes a block, each cell says what it is.

import { h } from "./dom.js";

/**
 * A table whose roles are told, so that it stays one for screen readers when its rows are stacked.
 * @param {string} caption what it lists, for screen readers
 * @param {string[]} heads an empty one is a column of buttons
 * @param {HTMLElement[]} rows made by `row`
 */
export function table(caption, heads, rows) {
  return h(
    "table.rows",
    { role: "table" },
    h("caption.unseen", null, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads.map(head))),
    h("tbody", { role: "rowgroup" }, rows),
  );
}

function head(text) {
  return h("th", { role: "columnheader", scope: "col" }, text || h("span.unseen", null, "Actions"));
}

/** A row of cells `[head, content]`; the first names the row. A head of "" is shown without it. */
export function row(cells, attributes = {}) {
  const [[, first], ...others] = cells;
  return h(
    "tr",
    { role: "row", ...attributes },
    h("th", { role: "rowheader", scope: "row" }, first),
    others.map(([name, content]) => h("td", { role: "cell", "data-head": name || false, class: name ? "" : "buttons" }, content)),
  );
}
