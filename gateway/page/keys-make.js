// Making a key, and showing it the one time that it can be shown.

import { post } from "./api.js";
import { askAndDo, shown } from "./asking.js";
import { h, say, unique } from "./dom.js";
import { bodyOf, EXPIRIES, SCOPES } from "./keys-words.js";
import { field, notice, select } from "./parts.js";

/** Ask for what a key may, and make it. Resolves to the answer with the key, or null. */
export function makeKey() {
  const name = field("Name", h("input", { type: "text", maxlength: 63, autocomplete: "off", spellcheck: "false", required: true }), {
    hint: "Who uses it: jobs belong to this name. A key that takes another’s place has the same one.",
  });
  const scopes = scopeFields();
  const day = field("Last day", h("input", { type: "date" }));
  day.root.hidden = true;
  const expiry = field("Expires", select(EXPIRIES, "365", { onchange: (event) => (day.root.hidden = event.target.value !== "on") }));
  const often = field("Submissions a minute", h("input", { type: "text", inputmode: "numeric", autocomplete: "off", placeholder: "as the service" }), { hint: "0: no limit." });
  const act = async () => {
    const typed = { name: name.control.value, scopes: scopes.chosen(), expiry: expiry.control.value, day: day.control.value, perMinute: often.control.value };
    const { body, wrong } = bodyOf(typed);
    name.fail(wrong.name ?? null);
    scopes.fail(wrong.scopes ?? null);
    day.fail(wrong.day ?? null);
    often.fail(wrong.perMinute ?? null);
    return body && post("/api/keys", body);
  };
  return askAndDo({
    title: "Make a key",
    text: "One for each program or person: it can be revoked without the others noticing.",
    confirm: "Make the key",
    content: [name.root, scopes.root, h("div.fields", null, expiry.root, often.root, day.root)],
    act,
  });
}

function scopeFields() {
  const id = unique("scopes");
  const error = h("p.field-error", { id, hidden: true });
  const boxes = Object.keys(SCOPES).map((scope) => h("input", { type: "checkbox", value: scope, checked: scope === "read" || scope === "send", "aria-describedby": id }));
  const admin = boxes.at(-1);
  const choices = boxes.map((box) => h("label.choice.scope", null, box, h("span", null, h("strong", null, box.value), h("span.hint", null, SCOPES[box.value]))));
  admin.addEventListener("change", () => boxes.slice(0, -1).forEach((box) => (box.disabled = admin.checked)));
  return {
    root: h("fieldset", null, h("legend", null, "It may"), choices, error),
    chosen: () => (admin.checked ? ["admin"] : boxes.filter((box) => box.checked).map((box) => box.value)),
    fail: (message) => failed(boxes, error, message),
  };
}

function failed(boxes, error, message) {
  error.hidden = !message;
  say(error, message ?? "");
  for (const box of boxes) {
    if (message) box.setAttribute("aria-invalid", "true");
    else box.removeAttribute("aria-invalid");
  }
}

/**
 * Show a new key. Neither Esc nor a click beside it closes this: the key would be lost.
 * @returns {Promise<void>}
 */
export function showKey({ name, key }) {
  const heading = unique("made");
  const place = h("input.mono.new-key", { type: "text", readonly: true, value: key, "aria-label": `The key of ${name}`, spellcheck: "false", onfocus: (event) => event.target.select() });
  const said = h("p.hint", { role: "status" });
  const copy = h("button.primary", { type: "button", autofocus: true, onclick: () => copied(place, said) }, "Copy the key");
  const dialog = h("dialog.asking", { "aria-labelledby": heading, "data-stays": true });
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.append(
    h("h2", { id: heading }, `The key of ${name}`),
    notice("warn", "It is shown this once", h("p", null, "Loopcast keeps only a fingerprint of it, so nobody can show it again. Copy it to where it is used. When it is lost, make another and revoke this one.")),
    place,
    said,
    h("p.actions", null, copy, h("button", { type: "button", onclick: () => dialog.close() }, "I have kept it")),
  );
  return shown(dialog, () => {
    place.value = "";
  });
}

/** Where the clipboard may not be written, the key is selected, to be copied by hand. */
async function copied(place, said) {
  place.select();
  try {
    await navigator.clipboard.writeText(place.value);
    say(said, "Copied.");
  } catch {
    say(said, "This browser does not let it be copied by a button: it is selected, copy it by hand.");
  }
}
