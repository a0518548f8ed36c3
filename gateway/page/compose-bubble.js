// The message as a recipient sees it, for any row of the list.

import { uploadedText } from "./compose-rows.js";
import { drawnOf } from "./compose-controls.js";
import { filled, linkOf, marked } from "./compose-fill.js";
import { isFar, tableOf, valuesOf } from "./compose-order.js";
import { h, picture, refill, say } from "./dom.js";
import { dialled, figure } from "./words.js";

const LEFT = "M10 3.5L5.5 8l4.5 4.5";
const RIGHT = "M6 3.5L10.5 8 6 12.5";

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function bubblePart(ctx) {
  const place = h("div.phone");
  const steps = stepper(ctx);
  const draw = drawnOf(place, (where, shown) => refill(where, bubble(shown)));
  return {
    root: h("section.card.preview", { "aria-label": "Preview" }, h("div.preview-head", null, h("h2", null, "Preview"), steps.root), place),
    refresh() {
      const rows = rowsOf(ctx);
      ctx.row = Math.min(Math.max(ctx.row, 1), Math.max(rows.total, 1));
      steps.refresh(rows);
      draw(shownOf(ctx, rows));
    },
  };
}

/** The rows that can be looked at: how many, who each is for, and what it holds. */
function rowsOf({ list, read }) {
  if (read.kind === "plain") return { total: read.entries.length, to: (row) => read.entries[row - 1]?.value, row: () => null };
  const { columns, body } = tableOf(list, read);
  const at = columns.indexOf(list.column);
  const total = isFar(list) ? list.upload?.rows ?? 0 : body.length;
  return { total, columns, row: (row) => body[row - 1] ?? null, to: (row) => body[row - 1]?.cells[at] ?? "" };
}

function shownOf(ctx, rows) {
  const { draft, template, row } = ctx;
  const to = rows.total ? rows.to(row) : "";
  if (draft.kind === "text") return { to, body: [{ text: draft.text, isOpen: false }] };
  const isBeyond = rows.total > 0 && isFar(ctx.list) && !rows.row(row);
  if (isBeyond) return { to: "", ...uploadedText(ctx, row) };
  const values = valuesOf(draft, rows.columns ? rows.row(row) : null, rows.columns ?? []);
  return template ? { to, ...ofTemplate(template, values) } : { to, isUnknown: true, name: draft.template, values };
}

function ofTemplate(template, values) {
  const { header, body, footer, buttons } = template;
  return {
    header: header?.kind === "text" ? filled(header.text, values, "header.") : null,
    media: header && header.kind !== "text" ? { kind: header.kind, about: mediaWords(header.kind, values) } : null,
    body: filled(body ?? "", values),
    footer,
    buttons: buttons.map((button, index) => ({ text: button.text ?? "Copy code", about: buttonWords(button, index, values) })),
  };
}

function mediaWords(kind, values) {
  if (kind === "location") return [values["header.name"], values["header.address"]].filter(Boolean).join(", ") || [values["header.latitude"], values["header.longitude"]].filter(Boolean).join(", ");
  return values["header.filename"] || values[`header.${kind}`] || "";
}

function buttonWords(button, index, values) {
  if (button.kind === "url") return linkOf(button, index, values);
  if (button.kind === "copy_code") return values[`button.${index}.code`] ?? "";
  return button.phoneNumber ?? "";
}

function bubble(shown) {
  if (shown.note) return h("p.hint", null, shown.note);
  if (shown.isUnknown) return unknown(shown);
  if (!shown.body?.some((piece) => piece.text) && !shown.media) return h("p.hint", null, "The message appears here as it is written.");
  return [
    shown.to ? h("p.to", null, "To ", h("span.mono", null, dialled(shown.to))) : null,
    h(
      "div.bubble",
      null,
      shown.media ? h("div.media", null, h("span", null, shown.media.kind), h("small", null, shown.media.about)) : null,
      shown.header ? h("p.bubble-header", null, pieces(shown.header)) : null,
      h("p.bubble-body", null, pieces(shown.body)),
      shown.footer ? h("p.bubble-footer", null, shown.footer) : null,
    ),
    (shown.buttons ?? []).map((button) => h("div.bubble-button", null, button.text, button.about ? h("small", null, button.about) : null)),
  ];
}

function unknown({ name, values, to }) {
  if (!name) return h("p.hint", null, "Choose a template to see what people will read.");
  const rows = Object.entries(values).map(([place, value]) => h("div", null, h("dt.mono", null, place), h("dd", null, value || "–")));
  return [
    to ? h("p.to", null, "To ", h("span.mono", null, dialled(to))) : null,
    h("div.bubble", null, h("p.bubble-header", null, name), rows.length ? h("dl.pairs", null, rows) : h("p.hint", null, "without values")),
    h("p.hint", null, "Its text is not known here: Meta could not be asked for it."),
  ];
}

const pieces = (some) => some.map((piece) => (piece.isOpen ? h("mark", null, piece.text) : marked(piece.text).map((part) => (part.tag ? h(part.tag, null, part.text) : part.text))));

function stepper(ctx) {
  const go = (row) => {
    ctx.row = row;
    ctx.refresh();
  };
  const back = h("button.quiet", { type: "button", "aria-label": "Row before", onclick: () => go(ctx.row - 1) }, picture(LEFT));
  const on = h("button.quiet", { type: "button", "aria-label": "Next row", onclick: () => go(ctx.row + 1) }, picture(RIGHT));
  const box = h("input.row-box", { type: "number", min: 1, "aria-label": "Row", onchange: () => go(Math.round(Number(box.value)) || 1) });
  const of = h("span.muted");
  const root = h("div.stepper", null, back, box, of, on);
  return {
    root,
    refresh({ total }) {
      root.hidden = total < 2;
      box.max = total;
      if (Number(box.value) !== ctx.row) box.value = ctx.row;
      say(of, `of ${figure(total)}`);
      back.setAttribute("aria-disabled", String(ctx.row <= 1)); // not disabled: focus would be lost
      on.setAttribute("aria-disabled", String(ctx.row >= total));
    },
  };
}
