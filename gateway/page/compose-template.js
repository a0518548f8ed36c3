// Which template: one of those that Meta lists, or one that is typed in where Meta cannot be asked.

import { fillColumns } from "./compose-lists.js";
import { box, drawnOf, told } from "./compose-controls.js";
import { firstWords } from "./compose-said.js";
import { h, refill } from "./dom.js";
import { field } from "./parts.js";

const TYPED = "typed";
const SEARCHED_FROM = 20; // templates: below, a list is read faster than a search is typed

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function templatePart(ctx) {
  const root = h("div");
  const draw = drawnOf(root, (place, state, isTyped) => refill(place, drawn(ctx, state, isTyped)));
  return {
    root,
    refresh() {
      const { templates, draft } = ctx;
      const isListed = templates.state === "known" && templates.list.length > 0;
      draw(isListed ? [ctx.templatesOf, templates.list.length, templates.list.map((one) => one.status)] : [templates.state, templates.reason], draft.isTyped || !isListed);
    },
  };
}

/** The template that the draft names, as Meta knows it; `null` where it does not. */
export function templateOf({ draft, templates }) {
  return templates.list.find((one) => one.name === draft.template && one.language === draft.language) ?? null;
}

/** Take over what a template asks for. What was filled in before stays, wherever it fits. */
export function follow(ctx) {
  ctx.template = templateOf(ctx);
  if (!ctx.template) return;
  const keys = ctx.template.places.map((place) => place.key);
  if (keys.join() === ctx.draft.keys.join()) return;
  ctx.draft.keys = keys;
  fillColumns(ctx);
}

function drawn(ctx, _state, isTyped) {
  const { templates } = ctx;
  if (templates.state === "asking") return h("p.hint", { role: "status" }, "Asking Meta for the templates…");
  const isListed = templates.state === "known" && templates.list.length > 0;
  return [isListed ? picker(ctx) : unlisted(ctx), isTyped || !isListed ? typed(ctx) : null];
}

function picker(ctx) {
  const { templates, draft } = ctx;
  const choice = h("select", {
    onchange: () => {
      draft.isTyped = choice.value === TYPED;
      if (draft.isTyped) Object.assign(draft, { template: "", keys: [] });
      else [draft.template, draft.language] = choice.value ? choice.value.split(" ") : ["", "en_US"];
      ctx.changed("template");
    },
  });
  const draw = (words = "") => refill(choice, options(templates.list, draft, words.trim().toLowerCase()));
  draw();
  const hint = templates.reason ? { hint: templates.reason } : {};
  const root = told(ctx, draft.isTyped ? "listed" : "template", "Template", choice, hint);
  return templates.list.length > SEARCHED_FROM ? [search(draw), root] : root;
}

const search = (draw) => field("Find a template", h("input", { type: "search", oninput: (event) => draw(event.target.value) })).root;

function options(list, draft, words) {
  const isChosen = (one) => !draft.isTyped && one.name === draft.template && one.language === draft.language;
  const fits = list.filter((one) => isChosen(one) || `${one.name} ${one.language} ${one.body ?? ""}`.toLowerCase().includes(words));
  const group = (label, some) => (some.length ? h("optgroup", { label }, some.map((one) => option(one, isChosen(one)))) : null);
  return [
    h("option", { value: "", selected: !draft.template }, "Choose a template"),
    group("Ready to send", fits.filter((one) => one.sendable && one.supported)),
    group("Not to be sent from here", fits.filter((one) => !one.sendable || !one.supported)),
    h("option", { value: TYPED, selected: draft.isTyped }, "Another, by its name…"),
  ];
}

function option(one, selected) {
  const isReady = one.sendable && one.supported;
  const why = one.sendable ? "more than this page can fill" : one.status.toLowerCase().replaceAll("_", " ");
  const about = isReady ? (one.category ?? "").toLowerCase() : why;
  const words = [one.name, one.language, about, one.body ? `“${firstWords(one.body)}”` : ""].filter(Boolean).join(" · ");
  return h("option", { value: `${one.name} ${one.language}`, selected, disabled: !isReady && !selected }, words);
}

function unlisted(ctx) {
  const { templates } = ctx;
  if (templates.state === "none") return h("p.hint", null, "Its templates are listed here once the sending number is given.");
  if (templates.state === "known") return h("p.hint", null, "This account has no template yet. Make one in WhatsApp Manager, under “Message templates”; once Meta has approved it, it stands here.");
  return h("p.hint", null, `The templates cannot be listed. ${templates.reason ?? ""} Name the template instead.`);
}

function typed(ctx) {
  return h(
    "div.fields",
    null,
    told(ctx, "template", "Name of the template", box(ctx, "template", { spellcheck: "false", placeholder: "order_update" })),
    told(ctx, "language", "Language", box(ctx, "language", { spellcheck: "false", placeholder: "en_US" }), { hint: "As Meta writes it: en_US, de, pt_BR." }),
  );
}
