// Compose: a message, a list, a plan, one button.

import { latest } from "./compose-asks.js";
import { bubblePart } from "./compose-bubble.js";
import { forget, keep, kept, storagesOf } from "./compose-draft.js";
import { askTemplates, fromPart } from "./compose-from.js";
import { reading } from "./compose-list.js";
import { lookAt } from "./compose-lists.js";
import { aboutOf } from "./compose-order.js";
import { planPart } from "./compose-plan.js";
import { askPlan } from "./compose-planner.js";
import { problemsOf } from "./compose-problems.js";
import { follow } from "./compose-template.js";
import { toPart } from "./compose-to.js";
import { valuesPart } from "./compose-values.js";
import { whenPart } from "./compose-when.js";
import { newKey } from "./api.js";
import { h, refill, say } from "./dom.js";
import { ask, empty } from "./parts.js";

export const title = "Compose";

const HANDS_REST_MS = 400;

/** @param {HTMLElement} main @param {Record<string, any>} _params @param {import("./app.js").App} app */
export function show(main, _params, app) {
  const ctx = contextOf(app);
  const parts = [fromPart(ctx), toPart(ctx), valuesPart(ctx), whenPart(ctx), bubblePart(ctx), planPart(ctx)];
  const [from, to, values, when, bubble, plan] = parts.map((part) => part.root);
  const side = h("div.compose-side", null, bubble, plan);
  const stays = h("p.hint");
  ctx.refresh = () => {
    for (const part of parts) part.refresh();
    say(stays, ctx.isKept ? "Kept in this browser until it is sent. The list goes with this tab." : "This browser keeps nothing: a reload loses what is written here.");
    tellProblems(ctx);
  };
  main.append(
    h("div.head", null, h("div", null, h("h1", null, title), stays), h("button.quiet", { type: "button", onclick: () => startOver(ctx) }, "Start over")),
    h("div.compose", null, h("div.compose-steps", null, from, to, values, when), side),
  );
  const unfit = fitted(side);
  const leave = () => {
    unfit();
    ctx.watch?.stop();
    Object.values(ctx.asks).forEach((one) => one.stop());
  };
  ctx.close = (made) => {
    leave();
    refill(main, submitted(made, app));
  };
  ctx.changed("list");
  return leave;
}

/** Where the key may not look at the job, that there is one is said here. */
function submitted({ message, jobId }, app) {
  const next = h("button", { type: "button", onclick: app.reload }, "Write another");
  return [h("h1", null, title), empty("It is submitted", `${message} Its job is ${jobId}. With this key it cannot be looked at.`, next)];
}

const MARGIN = 16;

/** A column higher than the window stays at its end, not at its beginning: nothing in it scrolls. */
function fitted(side) {
  const fit = () => side.style.setProperty("top", `${Math.min(MARGIN, innerHeight - side.offsetHeight - MARGIN)}px`);
  const sizes = new ResizeObserver(fit);
  sizes.observe(side);
  window.addEventListener("resize", fit);
  return () => {
    sizes.disconnect();
    window.removeEventListener("resize", fit);
  };
}

/**
 * What the parts share. `changed(what)` is called after each change of `draft` or `list`; `told` is
 * the last refusal with the field that it concerns; `onChange` is done when something else is written.
 */
function contextOf(app) {
  const storages = storagesOf(window);
  const { draft, list } = kept(storages, newKey(), app.service.holder.name);
  const ctx = {
    app,
    service: app.service,
    draft,
    list,
    file: null,
    about: "",
    read: reading(list.text, list.region),
    numbers: null,
    templates: { state: "none", list: [] },
    template: null,
    check: null,
    plan: { state: "none" },
    problems: [],
    told: null,
    row: 1,
    isRowChosen: false,
    repeats: { template: "", jobs: [] },
    onChange: [],
    waiting: [],
    watch: null,
    fields: new Map(),
    asks: { templates: latest(HANDS_REST_MS), list: latest(HANDS_REST_MS), plan: latest(HANDS_REST_MS), row: latest(HANDS_REST_MS), repeats: latest(HANDS_REST_MS) },
    refresh: () => {},
    save: () => (ctx.isKept = keep(storages, draft, list)),
    forget: () => forget(storages),
    changed: (what) => changed(ctx, what),
  };
  return ctx;
}

function changed(ctx, what) {
  tellOfChange(ctx, what);
  if (what === "from" || what === "list") askTemplates(ctx);
  follow(ctx);
  if (what === "list") {
    ctx.about = aboutOf(ctx.list);
    ctx.asks.list.ask((signal) => lookAt(ctx, signal));
  }
  ctx.save();
  ctx.problems = problemsOf(ctx);
  askPlan(ctx);
  ctx.refresh();
}

/** What came of an earlier press holds for what was written then. */
function tellOfChange(ctx, what) {
  const now = JSON.stringify(ctx.draft);
  if (what !== "list" && now === ctx.written) return;
  ctx.written = now;
  ctx.onChange.forEach((one) => one());
}

function tellProblems(ctx) {
  const messages = new Map(ctx.problems.filter((problem) => !problem.isMissing).map((problem) => [problem.field, problem.message]));
  if (ctx.told?.field) messages.set(ctx.told.field, ctx.told.message);
  for (const [name, field] of ctx.fields) field.fail(messages.get(name) ?? null);
}

async function startOver(ctx) {
  const isSure = await ask({ title: "Start over?", text: "The message, the list and all that is set here are forgotten.", confirm: "Start over", isGrave: true });
  if (!isSure) return;
  ctx.forget();
  ctx.app.reload();
}
