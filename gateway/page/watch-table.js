// The same loops as a table, for who wants figures or hears the page; made only when opened.

import { h, refill, say } from "./dom.js";
import { shares } from "./watch-model.js";
import { figure } from "./words.js";

const COLUMNS = [["read", "Read"], ["delivered", "Delivered"], ["sent", "Sent"], ["unknown", "In doubt"], ["failed", "Failed"], ["skipped", "Skipped"], ["canceled", "Canceled"], ["waiting", "Waiting"]];
const STEP_MS = 1000;
const PAGE = 250;

/** @param {import("./watch-model.js").Model} model */
export function loopTable(model) {
  const body = h("tbody");
  const more = h("button", { type: "button", hidden: true, onclick: () => grow() }, "Show more loops");
  const heads = COLUMNS.map(([, word]) => h("th.figure", { scope: "col" }, word));
  const table = h("table.small", null, h("caption.unseen", null, "What has become of the messages of each loop, each counted once"), h("thead", null, h("tr", null, h("th", { scope: "col" }, "Loop"), heads)), body);
  const root = h("details.loop-table", { ontoggle: () => open() }, h("summary", null, "Loops as a table"), h("div.scroll", { tabindex: "0", role: "region", "aria-label": "Loops as a table" }, table), more);
  let rows = [];
  let drawnAt = 0;

  const grow = () => {
    const upto = Math.min(rows.length + PAGE, model.loops);
    while (rows.length < upto) rows.push(row(rows.length));
    refill(body, rows.map((each) => each.root));
    const isWhole = rows.length >= model.loops;
    if (isWhole && document.activeElement === more) root.querySelector(".scroll").focus();
    more.hidden = isWhole;
    draw(Infinity);
  };
  const open = () => {
    rows = [];
    if (root.open) grow();
    else refill(body);
  };
  const draw = (now) => {
    if (!root.open || now - drawnAt < STEP_MS) return;
    drawnAt = Number.isFinite(now) ? now : 0;
    rows.forEach((each, loop) => each.show(shares(model, loop)));
  };
  return { root, draw };
}

function row(loop) {
  const cells = COLUMNS.map(() => h("td.figure"));
  return {
    root: h("tr", null, h("th", { scope: "row" }, figure(loop + 1)), cells),
    show: (parts) => COLUMNS.forEach(([part], at) => say(cells[at], parts[part] ? figure(parts[part]) : "–")),
  };
}
