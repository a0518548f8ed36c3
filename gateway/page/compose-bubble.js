// The message as a recipient sees it, for any row of the list.

import { drawnOf } from "./compose-controls.js";
import { nextSent } from "./compose-fates.js";
import { filled, linkOf, marked } from "./compose-fill.js";
import { valuesOf } from "./compose-order.js";
import { nothingSaid, numberOf, peopleOf, placeIn, rowAsked, stepped } from "./compose-people.js";
import { uploadedText } from "./compose-rows.js";
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
      const rows = peopleOf(ctx);
      ctx.row = Math.min(Math.max(ctx.row, 1), Math.max(rows.total, 1));
      steps.refresh(rows);
      draw(shownOf(ctx, rows, ctx.row));
    },
  };
}

/** What the first who gets it will read: as it is shown before a bulk send. */
export function firstBubble(ctx) {
  const rows = peopleOf(ctx);
  const row = nextSent(rows.fates, 0, 1) || 1;
  const [example] = ctx.plan.answer?.examples ?? [];
  const isElsewhere = rows.isFarAway && example?.text && ctx.template;
  return bubble(isElsewhere ? { to: dialled(example.to), body: [{ text: example.text, isOpen: false }] } : shownOf(ctx, rows, row));
}

function shownOf(ctx, rows, row) {
  const { draft, template, list } = ctx;
  const person = rows.people[row - 1];
  const to = rows.total ? numberOf(rows, row, ctx.plan.state === "told" ? ctx.plan.answer.examples : []) : "";
  const nothing = nothingSaid(rows, row);
  if (draft.kind === "text") return { to, nothing, body: [{ text: draft.text, isOpen: false }] };
  if (rows.total > 0 && rows.isFarAway && !person) return { to: "", ...uploadedText(ctx, row) };
  const hasCells = person?.cells && !ctx.read.entries;
  const values = valuesOf(draft, hasCells ? person : null, list.upload?.columns ?? []);
  return template ? { to, nothing, ...ofTemplate(template, values) } : { to, nothing, isUnknown: true, name: draft.template, values };
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
  const nothing = shown.nothing ? h("p.notice.warn.small", { role: "status" }, shown.nothing) : null;
  return [nothing, shown.isUnknown ? unknown(shown) : known(shown)];
}

function known(shown) {
  if (!shown.body?.some((piece) => piece.text) && !shown.media) return h("p.hint", null, "The message appears here as it is written.");
  return [
    recipient(shown.to),
    h(
      "div.bubble",
      { class: shown.nothing ? "is-unsent" : "" },
      shown.media ? h("div.media", null, h("span", null, shown.media.kind), h("small", null, shown.media.about)) : null,
      shown.header ? h("p.bubble-header", null, pieces(shown.header)) : null,
      h("p.bubble-body", null, pieces(shown.body)),
      shown.footer ? h("p.bubble-footer", null, shown.footer) : null,
    ),
    (shown.buttons ?? []).map((button) => h("div.bubble-button", { class: shown.nothing ? "is-unsent" : "" }, button.text, button.about ? h("small", null, button.about) : null)),
  ];
}

const recipient = (to) => (to ? h("p.to", null, "To ", h("span.mono", null, to)) : null);

function unknown({ name, values, to }) {
  if (!name) return h("p.hint", null, "Choose a template to see what people will read.");
  const rows = Object.entries(values).map(([place, value]) => h("div", null, h("dt.mono", null, place), h("dd", null, value || "–")));
  return [
    recipient(to),
    h("div.bubble", null, h("p.bubble-header", null, name), rows.length ? h("dl.pairs", null, rows) : h("p.hint", null, "without values")),
    h("p.hint", null, "Its text is not known here: Meta could not be asked for it."),
  ];
}

const pieces = (some) => some.map((piece) => (piece.isOpen ? h("mark", null, piece.text) : marked(piece.text).map((part) => (part.tag ? h(part.tag, null, part.text) : part.text))));

function stepper(ctx) {
  const go = (row) => {
    ctx.row = row;
    ctx.isRowChosen = true;
    ctx.refresh();
  };
  const step = (by) => go(stepped(peopleOf(ctx), ctx.row, by));
  const back = h("button.quiet", { type: "button", "aria-label": "The one before", onclick: () => step(-1) }, picture(LEFT));
  const on = h("button.quiet", { type: "button", "aria-label": "The next one", onclick: () => step(1) }, picture(RIGHT));
  const box = h("input.row-box", { type: "number", min: 1, onchange: () => go(rowAsked(peopleOf(ctx), Math.round(Number(box.value)) || 1)) });
  const word = h("span.muted", { "aria-hidden": "true" });
  const of = h("span.muted");
  const root = h("div.stepper", null, back, word, box, of, on);
  return {
    root,
    refresh(rows) {
      const { word: name, value, last } = placeIn(rows, ctx.row);
      root.hidden = rows.total < 2;
      say(word, name);
      box.setAttribute("aria-label", name);
      box.max = last;
      if (Number(box.value) !== value) box.value = value;
      say(of, `of ${figure(last)}`);
      back.setAttribute("aria-disabled", String(stepped(rows, ctx.row, -1) === ctx.row)); // not disabled: focus would be lost
      on.setAttribute("aria-disabled", String(stepped(rows, ctx.row, 1) === ctx.row));
    },
  };
}
