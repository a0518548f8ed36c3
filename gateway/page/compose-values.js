// The third step: what fills each place of the template, from a column or the same for everybody.

import { drawnOf, step, told } from "./compose-controls.js";
import { isKey, placeName } from "./compose-fill.js";
import { hasColumns, isFar } from "./compose-order.js";
import { h, refill, unique } from "./dom.js";
import { field, notice, select } from "./parts.js";

const SAME = "the same for everybody";

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function valuesPart(ctx) {
  const place = h("div");
  const draw = drawnOf(place, (where) => refill(where, drawn(ctx)));
  const said = h("div");
  const drawSaid = drawnOf(said, (where, message) => message && where.append(notice("bad", null, h("p", null, message))));
  const root = step("Values", place, said);
  return {
    root,
    refresh() {
      const { draft, list } = ctx;
      const isTyped = !ctx.template;
      root.hidden = draft.kind !== "template" || (isTyped && !draft.template);
      const columns = hasColumns(list, ctx.read) ? list.upload?.columns ?? [] : null;
      draw(draft.template, draft.language, isTyped, draft.keys, columns, isFar(list));
      drawSaid(ctx.told?.field === "values" ? ctx.told.message : "");
    },
  };
}

function drawn(ctx) {
  const { draft, template } = ctx;
  const fields = draft.keys.map((name) => placeField(ctx, name));
  if (template) return fields.length ? [hintOf(ctx), h("div.fields", null, fields)] : h("p.hint", null, "This template has nothing to fill in: everybody gets the same.");
  return [
    h("p.hint.after", null, "Meta has not said what this template asks for. Name each place that it has."),
    h("div.fields", null, fields),
    adder(ctx),
  ];
}

function hintOf(ctx) {
  if (hasColumns(ctx.list, ctx.read)) return null;
  return h("p.hint.after", null, "The same for everybody. For values of their own, paste a table or bring a file with columns.");
}

function placeField(ctx, name) {
  const { draft, list, template } = ctx;
  draft.values[name] ??= { by: "value", value: "", column: "" };
  const place = template?.places.find((one) => one.key === name);
  const label = placeName(name, template) + (place && !place.required ? " (optional)" : "");
  const hint = place ? hintOfPlace(name, place) : null;
  const control = hasColumns(list, ctx.read) ? columnChoice(ctx, name, label) : { main: valueBox(ctx, name), also: null };
  const root = told(ctx, `value:${name}`, label, control.main, { hint });
  if (control.also) control.main.after(control.also);
  if (control.guess) root.append(control.guess);
  if (!template) root.append(h("button.quiet", { type: "button", onclick: () => dropPlace(ctx, name), "aria-label": `Remove ${label}` }, "Remove"));
  return root;
}

/** Meta's example; what a place means, where its name does not say it. */
function hintOfPlace(name, place) {
  const isText = placeName(name, null).startsWith("{{");
  return [isText ? "" : place.means, place.example ? `For example: ${place.example}` : ""].join(" ").trim() || null;
}

function valueBox(ctx, name, attributes = {}) {
  const value = ctx.draft.values[name];
  const control = h("input", { value: value.value, autocomplete: "off", ...attributes });
  control.addEventListener("input", () => {
    Object.assign(value, { by: "value", value: control.value });
    ctx.changed("values");
  });
  return control;
}

function columnChoice(ctx, name, label) {
  const value = ctx.draft.values[name];
  const columns = ctx.list.upload?.columns ?? [];
  const also = valueBox(ctx, name, { "aria-label": `${label}, ${SAME}`, class: "also", hidden: value.by !== "value" || isFar(ctx.list) });
  const options = [["c:", "Choose a column"], ...columns.map((column) => [`c:${column}`, column]), ...(isFar(ctx.list) ? [] : [["v:", "The same for everybody…"]])];
  const main = select(options, value.by === "value" && !isFar(ctx.list) ? "v:" : `c:${value.column}`);
  const guess = h("p.hint", { id: unique("guess"), hidden: !value.isGuess }, `Chosen for you: the column is called so. Look whether it is right.`);
  main.addEventListener("change", () => {
    value.isGuess = false;
    guess.hidden = true;
    const isSame = main.value === "v:";
    Object.assign(value, isSame ? { by: "value" } : { by: "column", column: main.value.slice(2) });
    also.hidden = !isSame;
    if (isSame) also.focus();
    ctx.changed("values");
  });
  return { main, also, guess };
}

function dropPlace(ctx, name) {
  ctx.draft.keys = ctx.draft.keys.filter((other) => other !== name);
  delete ctx.draft.values[name];
  ctx.changed("values");
}

/** A place more, by its key: for a template that is known by its name alone. */
function adder(ctx) {
  const name = field("Another place", h("input", { spellcheck: "false", autocomplete: "off", placeholder: "1" }), {
    hint: "1, 2, … in the text; first_name where it has names; header.1, header.image, button.0.url.",
  });
  const add = () => {
    const given = name.control.value.trim();
    const isTaken = ctx.draft.keys.includes(given);
    name.fail(isTaken ? "It is there already." : isKey(given) ? null : "No place of a template is called that.");
    if (isTaken || !isKey(given)) return;
    ctx.draft.keys = [...ctx.draft.keys, given];
    ctx.changed("values");
    ctx.fields.get(`value:${given}`)?.control.focus();
  };
  name.control.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  });
  return h("div.adder", null, name.root, h("button", { type: "button", onclick: add }, "Add"));
}
