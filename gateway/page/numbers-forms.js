// The forms of a sending number: add it, change it, give it a new token, drop it.

import { del, put } from "./api.js";
import { askAndDo } from "./asking.js";
import { h } from "./dom.js";
import { bodyOf, typedOf } from "./numbers-fields.js";
import { nameOf } from "./numbers-words.js";
import { field, select } from "./parts.js";

const KEPT = "Sealed before it is kept, and shown to nobody again. This browser keeps nothing of it.";

/** Add a number; `known` fills its id in where it was sent from already. */
export function addNumber(service, known = null) {
  const form = formOf({ ...typedOf(known), wabaId: known?.wabaId ?? "" }, service, { isNew: true, idIsSet: Boolean(known) });
  return askAndDo({
    title: known ? `Add ${nameOf(known)}` : "Add a number",
    text: "It sends in its own lane, side by side with the others, with its own token.",
    confirm: "Add the number",
    content: form.root,
    act: form.send,
    explain: withoutSecretKey,
  });
}

/** Change a number that is kept here. */
export function changeNumber(number, service) {
  const form = formOf(typedOf(number), service, { isNew: false, idIsSet: true });
  return askAndDo({
    title: `Change ${nameOf(number)}`,
    text: "Jobs that are running follow within seconds.",
    confirm: "Save the changes",
    content: form.root,
    act: form.send,
    explain: withoutSecretKey,
  });
}

function formOf(typed, service, { isNew, idIsSet }) {
  const fields = fieldsOf(typed, service, isNew, idIsSet);
  const isEnabled = choice("Takes new jobs", typed.isEnabled);
  const isChecked = choice("Ask Meta first whether it takes the token", true);
  const read = () => ({
    ...Object.fromEntries(Object.entries(fields).map(([name, { control }]) => [name, control.value])),
    isEnabled: isEnabled.control.checked,
    isChecked: isChecked.control.checked,
  });
  const send = async () => {
    const { body, wrong } = bodyOf({ ...typed, ...read() }, service, isNew);
    for (const [name, one] of Object.entries(fields)) one.fail(wrong[name] ?? null);
    return body && put(`/api/numbers/${(fields.phoneNumberId?.control.value ?? typed.phoneNumberId).trim()}`, body);
  };
  return { root: laidOut(fields, isEnabled, isNew ? isChecked : null), send };
}

function laidOut({ phoneNumberId, token, name, rate, pause, limit, provider, wabaId, appSecret }, isEnabled, isChecked) {
  return [
    h("div.fields", null, phoneNumberId?.root, name.root),
    token?.root,
    isChecked?.root,
    h("h3.part", null, "Pace"),
    h("div.fields", null, rate.root, pause.root),
    limit.root,
    isEnabled.root,
    h("details.more", null, h("summary", null, "Account and webhooks"), h("div.fields", null, provider.root, wabaId.root), appSecret.root),
  ];
}

function fieldsOf(typed, service, isNew, idIsSet) {
  const text = (value, attributes) => h("input", { type: "text", value, autocomplete: "off", spellcheck: "false", ...attributes });
  const digits = { inputmode: "numeric" };
  const rate = service.messagesPerSecond;
  const least = service.loopPauseMs / 1000;
  return {
    ...(idIsSet && !isNew ? {} : { phoneNumberId: field("Phone number id", text(typed.phoneNumberId, { ...digits, readonly: idIsSet, required: true }), { hint: "Meta's id of the number, not the number itself." }) }),
    ...(isNew ? { token: field("Access token", secret(true), { hint: KEPT }) } : {}),
    name: field("Name", text(typed.name, { maxlength: 128 }), { hint: "For people here. May stay empty." }),
    rate: field("Messages a second", text(typed.rate, { ...digits, placeholder: rate ? `${rate}, as the service` : "as the service" })),
    pause: field("Seconds between loops", text(typed.pause, { inputmode: "decimal", placeholder: `${least}, as the service` })),
    limit: field("People in 24 hours", text(typed.limit, { ...digits, placeholder: "asked of Meta" }), { hint: "Empty: what Meta says. 0: no limit. All numbers are counted together." }),
    provider: field("Provider", select([["meta", "Meta"], ["360dialog", "360dialog"]], typed.provider)),
    wabaId: field("Business account id", text(typed.wabaId, digits), { hint: "Its templates are looked up there." }),
    appSecret: field("App secret", secret(false), { hint: "Only where its app is another than the service's. Empty: as it is." }),
  };
}

function secret(isRequired) {
  return h("input", { type: "password", autocomplete: "new-password", spellcheck: "false", required: isRequired });
}

function choice(label, checked) {
  const control = h("input", { type: "checkbox", checked });
  return { control, root: h("label.choice", null, control, label) };
}

function withoutSecretKey(answer) {
  if (answer.error !== "No SECRET_KEY") return null;
  return h(
    "div.how",
    null,
    h("p", null, "In the environment of every gateway and daemon, or in .env:"),
    h("pre", { tabindex: 0, "aria-label": "The setting" }, "SECRET_KEY=$(openssl rand -hex 32)"),
    h("p.hint", null, "Whoever runs Loopcast sets it once and keeps it: without it, tokens have to be given anew."),
  );
}

/** Another token for a number, also while its jobs run. */
export function newToken(number) {
  const token = field("New access token", secret(true), { hint: KEPT });
  const isChecked = choice("Ask Meta first whether it takes the token", true);
  const act = async () => {
    const value = token.control.value.trim();
    token.fail(value ? null : "Paste the token here.");
    return value && put(`/api/numbers/${number.phoneNumberId}/token`, { token: value, check: isChecked.control.checked });
  };
  return askAndDo({
    title: `New token for ${nameOf(number)}`,
    text: "Messages leave with it within 2 seconds; nothing has to be paused for it. Jobs that a dead token has paused are resumed by you.",
    confirm: "Use this token",
    content: [token.root, isChecked.root],
    act: async () => (await act()) || null,
    explain: withoutSecretKey,
  });
}

/** Drop a number: only one without unfinished jobs can be. */
export function dropNumber(number) {
  return askAndDo({
    title: `Drop ${nameOf(number)}?`,
    text: "Its token is forgotten, and nothing is sent from it any more. Jobs that are over stay in the lists. To use it again you need its token.",
    confirm: "Drop the number",
    isGrave: true,
    act: () => del(`/api/numbers/${number.phoneNumberId}`),
    explain: unfinished,
    back: "Keep it",
  });
}

function unfinished(answer) {
  const jobs = answer.details?.jobs;
  if (!jobs?.length) return null;
  return h("ul.small", null, jobs.slice(0, 10).map((id) => h("li", null, h("a", { href: `#/jobs/${id}` }, id))));
}
