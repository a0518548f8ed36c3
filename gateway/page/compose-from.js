// The first step: the sending number, a template or free text, a name.

import { numbers, templates } from "./compose-asks.js";
import { box, drawnOf, radios, step, tick, told } from "./compose-controls.js";
import { numberSaid } from "./compose-said.js";
import { templatePart } from "./compose-template.js";
import { h, refill, say } from "./dom.js";
import { notice, select } from "./parts.js";
import { figure } from "./words.js";

const ID = /^\d{1,32}$/;
const MOST_TEXT = 4096;
const OTHER = "other";

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function fromPart(ctx) {
  const from = h("div");
  const template = templatePart(ctx);
  const text = textPart(ctx);
  const kinds = radios("Message", [["template", "A template"], ["text", "Free text"]], ctx.draft.kind, (kind) => {
    ctx.draft.kind = kind;
    ctx.changed("kind");
  });
  const label = told(ctx, "label", "Name of this send (optional)", box(ctx, "label", { maxlength: 512 }), {
    hint: "For you and your colleagues: the list of jobs shows it.",
  });
  const drawFrom = drawnOf(from, (place) => refill(place, numberField(ctx, ctx.numbers)));
  whoSends(ctx);
  return {
    root: step("From and message", from, kinds, template.root, text.root, label),
    refresh() {
      drawFrom(ctx.numbers?.map((number) => [number.phoneNumberId, number.enabled]) ?? null);
      nameNumbers(ctx);
      template.root.hidden = ctx.draft.kind !== "template";
      text.root.hidden = ctx.draft.kind !== "text";
      template.refresh();
      text.refresh();
    },
  };
}

async function whoSends(ctx) {
  const answer = await numbers();
  ctx.numbers = answer.ok ? answer.data.numbers : [];
  if (!ctx.draft.from) ctx.draft.from = ctx.service.phoneNumberId ?? ctx.numbers.find((number) => number.enabled)?.phoneNumberId ?? "";
  ctx.changed("from");
  whatTheyAreCalled(ctx);
}

/** The names and numbers that people see, which Meta is asked for: they come when they come. */
async function whatTheyAreCalled(ctx) {
  if (!ctx.numbers.length) return;
  const answer = await numbers(true);
  if (!answer.ok) return;
  const said = new Map(answer.data.numbers.map((number) => [number.phoneNumberId, number]));
  ctx.numbers = ctx.numbers.map((number) => ({ ...number, ...said.get(number.phoneNumberId), enabled: number.enabled }));
  ctx.refresh();
}

/** Ask what can be sent from the number, when it is another than was asked for. */
export function askTemplates(ctx) {
  const { from } = ctx.draft;
  if (ctx.templatesOf === from) return;
  ctx.templatesOf = from;
  ctx.templates = ID.test(from) ? { state: "asking", list: [] } : { state: "none", list: [] };
  ctx.asks.templates.ask(async (signal) => {
    if (!ID.test(from)) return;
    const answer = await templates(from, signal);
    if (signal.aborted) return;
    ctx.templates = answer.ok
      ? { state: answer.data.state, reason: answer.data.reason, list: answer.data.templates }
      : { state: "unavailable", reason: answer.message, list: [] };
    ctx.changed("templates");
  });
}

function numberField(ctx, known) {
  const hint = "The id of the number at Meta, in digits: WhatsApp Manager, API Setup, “Phone number ID”. It is not the phone number itself.";
  const example = ctx.service.sandboxUrl ? " The sandbox takes any id, such as 100000000000001." : "";
  if (!known) return told(ctx, "from", "Sending number", h("input", { disabled: true, value: ctx.draft.from }));
  const free = box(ctx, "from", { inputmode: "numeric", placeholder: ctx.service.sandboxUrl ? "100000000000001" : "" });
  if (!known.length) return told(ctx, "from", "Sending number", free, { hint: hint + example });
  return listedNumbers(ctx, known, free, hint + example);
}

function listedNumbers(ctx, known, free, hint) {
  const options = known.map((number) => [number.phoneNumberId, numberSaid(number)]);
  const isKnown = known.some((number) => number.phoneNumberId === ctx.draft.from);
  const other = h("div", { hidden: isKnown }, told(ctx, isKnown ? "otherFrom" : "from", "Id of the number", free, { hint }));
  const choice = select([...options, [OTHER, "Another, by its id…"]], isKnown ? ctx.draft.from : OTHER, {
    onchange: () => {
      const isOther = choice.value === OTHER;
      other.hidden = !isOther;
      ctx.draft.from = isOther ? free.value : choice.value;
      ctx.changed("from");
    },
  });
  for (const option of choice.options) option.disabled = known.some((number) => number.phoneNumberId === option.value && !number.enabled);
  const root = told(ctx, isKnown ? "from" : "listedFrom", "Sending number", choice);
  if (isKnown) free.value = "";
  ctx.fromChoice = choice;
  return [root, other];
}

/** In place: a list that is drawn anew would close under one's hands. */
function nameNumbers({ fromChoice, numbers: known }) {
  for (const option of fromChoice?.options ?? []) {
    const number = known.find((one) => one.phoneNumberId === option.value);
    if (number) say(option, numberSaid(number));
  }
}

/** The number that the draft is sent from, as people call it. */
export function numberName({ draft, numbers: known }) {
  const number = known?.find((one) => one.phoneNumberId === draft.from);
  return number ? numberSaid(number) : draft.from;
}

function textPart(ctx) {
  const area = box(ctx, "text", { rows: 5, maxlength: MOST_TEXT, autocomplete: null }, "textarea");
  const left = h("p.hint.figure-end", { "aria-hidden": "true" });
  const root = h(
    "div",
    null,
    notice("warn", null, h("p", null, "Meta takes free text only for people who have written to this number within the last 24 hours. For all others it fails, with 131047. A template reaches everybody.")),
    told(ctx, "text", "Text", area, { hint: "The same for everybody. *bold*, _slanted_ and ~struck~ work as in WhatsApp." }),
    left,
    tick(ctx, "previewUrl", "Show a preview of the first link"),
  );
  return { root, refresh: () => (left.textContent = `${figure(ctx.draft.text.length)} of ${figure(MOST_TEXT)} characters`) };
}
