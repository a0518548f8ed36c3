// Parts that every view is made of: notices, states, fields, figures, empty places, questions.

import { fill, h, picture, unique } from "./dom.js";

/** A word about something, where it arose. `tone`: bad, warn, ok, calm. */
export function notice(tone, title, ...more) {
  const role = tone === "bad" ? "alert" : "status";
  return h("div.notice", { class: tone, role }, title ? h("p.notice-title", null, title) : null, ...more);
}

/** What the gateway said no to, in its words. `again` is tried by a button. */
export function refusal(answer, again) {
  const retry = again && h("p", null, h("button", { type: "button", onclick: again }, "Try again"));
  return notice("bad", null, h("p", null, answer.message), listOf(answer.details), retry);
}

function listOf(details) {
  const rows = details?.rows ?? details?.rejected;
  if (!rows?.length) return null;
  return h("ul.small", null, rows.slice(0, 5).map((row) => h("li", null, `Line ${row.line}: ${row.value} – ${row.reason}`)));
}

/** A state of states.js as a word with its shape. */
export function badge(state) {
  return h("span.badge", { class: state.tone, title: state.says }, picture(state.shape), state.word);
}

/**
 * A labelled control. `control` gets an id, its hint and its error are told to screen readers.
 * @returns {{root: HTMLElement, control: HTMLElement, fail: function(string|null): void}}
 */
export function field(label, control, { hint = null, isWide = false } = {}) {
  const id = control.id || unique("field");
  control.id = id;
  const error = h("p.field-error", { id: `${id}-error`, hidden: true });
  const hinted = hint ? h("p.hint", { id: `${id}-hint` }, hint) : null;
  control.setAttribute("aria-describedby", hinted ? `${id}-hint ${id}-error` : `${id}-error`);
  const root = h("div.field", { class: isWide ? "wide" : "" }, h("label", { for: id }, label), control, hinted, error);
  return { root, control, fail: (message) => failed(control, error, message) };
}

function failed(control, error, message) {
  error.hidden = !message;
  error.textContent = message ?? "";
  if (message) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

/** A `select` of `[value, word]` pairs. */
export function select(options, value, attributes = {}) {
  const made = options.map(([given, word]) => h("option", { value: given, selected: given === value }, word));
  return h("select", attributes, made);
}

/** Figures with what they are: `[["sent", "1,204"], …]`. */
export function figures(pairs) {
  return h("dl.figures", null, pairs.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

/**
 * Whether a button waits for an answer, or say so. It is not disabled meanwhile: that would take the
 * focus away from who pressed it.
 */
export function busy(button, isBusy) {
  if (isBusy !== undefined) button.setAttribute("aria-disabled", String(isBusy));
  return button.getAttribute("aria-disabled") === "true";
}

/** A place where nothing is yet, and what the next step is. */
export function empty(title, text, ...actions) {
  return h("div.empty", null, h("h2", null, title), h("p", null, text), actions.length ? h("p.actions", null, actions) : null);
}

/** A place that is being filled. */
export const loading = (text = "Loading…") => h("p.loading", { role: "status" }, text);

/** A link that looks like a button. */
export const linkButton = (href, text, style = "") => h("a.button", { href, class: style }, text);

/**
 * A plain question in a dialog. `choices` are fields to show in it; `isGrave`: the button is red.
 * Resolves to true when confirmed, to false otherwise (Esc, Cancel).
 * @returns {Promise<boolean>}
 */
export function ask({ title, text, confirm, isGrave = false, content = [] }) {
  const heading = unique("ask");
  const dialog = h("dialog", { "aria-labelledby": heading });
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id: heading }, title),
    text ? h("p", null, text) : null,
    content,
    h(
      "p.actions",
      null,
      h("button", { type: "submit", value: "yes", class: isGrave ? "danger" : "primary" }, confirm),
      h("button", { type: "submit", value: "no", formnovalidate: true, autofocus: isGrave }, "Back"),
    ),
  );
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    fill(dialog, form);
    document.body.append(dialog);
    dialog.showModal();
  });
}
