// Controls that hold a part of the draft, and the steps that they stand in.

import { h, unique } from "./dom.js";
import { field } from "./parts.js";

/** A step: a card with its heading. */
export function step(title, ...content) {
  const heading = unique("step");
  return h("section.card.step", { "aria-labelledby": heading }, h("h2", { id: heading }, title), content);
}

/** A labelled control whose errors are told by `ctx.fields`, under `name`. */
export function told(ctx, name, label, control, options) {
  const made = field(label, control, options);
  ctx.fields.set(name, made);
  return made.root;
}

/** An input that holds `draft[name]`. */
export function box(ctx, name, attributes = {}, tag = "input") {
  const control = h(tag, { value: ctx.draft[name], autocomplete: "off", ...attributes });
  control.addEventListener("input", () => {
    ctx.draft[name] = control.value;
    ctx.changed(name);
  });
  return control;
}

/** A choice that is on or off. */
export function tick(ctx, name, words) {
  const control = h("input", { type: "checkbox", checked: ctx.draft[name] });
  control.addEventListener("change", () => {
    ctx.draft[name] = control.checked;
    ctx.changed(name);
  });
  return h("label.choice", null, control, words);
}

/** One of several: `[[value, words], …]`. */
export function radios(legend, options, value, onPick) {
  const name = unique("radio");
  const made = options.map(([given, words]) =>
    h("label.choice", null, h("input", { type: "radio", name, value: given, checked: given === value, onchange: () => onPick(given) }), words),
  );
  return h("fieldset", null, h("legend", null, legend), h("div.choices", null, made));
}

/**
 * Draw anew only when what it is drawn of has changed: focus and caret stay. Where a control has to
 * be made anew, the one of the same name gets the focus; until there is one, the place has it.
 */
export function drawnOf(place, draw) {
  let last = null;
  let name = "";
  return (...sources) => {
    const now = JSON.stringify(sources);
    if (now === last) return;
    last = now;
    const focused = place.contains(document.activeElement) ? document.activeElement : null;
    if (focused !== place) name = focused ? nameOf(focused) : "";
    place.replaceChildren();
    draw(place, ...sources);
    if (focused) refocus(place, name);
  };
}

const CONTROLS = "a[href], button, input, select, summary, textarea";
const nameOf = (control) => control.labels?.[0]?.textContent ?? control.getAttribute("aria-label") ?? control.textContent;

function refocus(place, name) {
  const again = [...place.querySelectorAll(CONTROLS)].find((control) => !control.disabled && nameOf(control) === name);
  if (!again) place.tabIndex = -1;
  (again ?? place).focus();
}
