// The fourth step: when it starts, at which hours, how fast. Closed as long as nobody needs it.

import { DAYS } from "./compose-draft.js";
import { box, drawnOf, tick, told } from "./compose-controls.js";
import { hasColumns } from "./compose-order.js";
import { daysSaid, hours, timing } from "./compose-words.js";
import { h, refill, say } from "./dom.js";
import { field, select } from "./parts.js";
import { count, duration, pace, zone } from "./words.js";

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function whenPart(ctx) {
  const { draft } = ctx;
  const short = h("span.muted");
  const window_ = windowPart(ctx);
  const start = startField(ctx);
  const isUsed = draft.start || draft.hasWindow || draft.rate || draft.loopSize || draft.pause;
  const root = h(
    "details.card.step",
    { open: Boolean(isUsed) },
    h("summary", null, h("h2", null, "When and how fast"), short),
    start.root,
    tick(ctx, "hasWindow", "Write to people only at certain hours"),
    window_.root,
    limits(ctx),
  );
  return {
    root,
    refresh() {
      say(short, shortly(ctx));
      window_.refresh();
      start.refresh();
      if (ctx.problems.some((problem) => !problem.isMissing && TOLD_HERE.has(problem.field)) || TOLD_HERE.has(ctx.told?.field)) root.open = true;
    },
  };
}

const TOLD_HERE = new Set(["start", "window", "days", "zone", "rate", "loopSize", "pause"]);

function shortly({ draft, service }) {
  const said = [draft.start ? timing({ start: draft.start }).join("") : "At once"];
  said.push(draft.hasWindow && draft.days.length ? hours(draft) : "at any hour");
  said.push(draft.rate ? pace(Number(draft.rate)) : pace(service.messagesPerSecond));
  return said.map((part) => part.replace(/\.$/, "")).join(", ");
}

function startField(ctx) {
  const least = new Date(Date.now() - new Date().getTimezoneOffset() * 60e3).toISOString().slice(0, 16);
  const input = box(ctx, "start", { type: "datetime-local", min: least });
  const root = told(ctx, "start", "Start", input, { hint: `By your clock (${zone()}). Empty: at once. It can be changed until it has begun.` });
  const clear = h("button.quiet", { type: "button", onclick: () => cleared(ctx, input) }, "Start at once");
  input.after(clear);
  root.classList.add("with-button");
  return { root, refresh: () => (clear.hidden = !ctx.draft.start) };
}

function cleared(ctx, input) {
  input.value = "";
  ctx.draft.start = "";
  ctx.changed("start");
  input.focus();
}

function windowPart(ctx) {
  const { draft } = ctx;
  const zones = zonesOf(draft);
  const other = h("div", { hidden: draft.zone === "recipient" }, told(ctx, "zone", "Time zone", box(ctx, "zone", { list: "zones", spellcheck: "false" }), { hint: "As Europe/Berlin or Asia/Kolkata." }));
  const clock = select([["recipient", "each recipient’s own"], ["zone", "one time zone"]], draft.zone === "recipient" ? "recipient" : "zone");
  clock.addEventListener("change", () => {
    draft.zone = clock.value === "recipient" ? "recipient" : zone();
    ctx.fields.get("zone").control.value = draft.zone;
    other.hidden = draft.zone === "recipient";
    ctx.changed("zone");
  });
  const column = h("div");
  const drawColumn = drawnOf(column, (place, columns) => columns && refill(place, zoneColumn(ctx, columns)));
  const root = h(
    "div.window",
    null,
    h("div.fields", null, told(ctx, "window", "From", box(ctx, "windowFrom", { type: "time" })), told(ctx, "windowTo", "To", box(ctx, "windowTo", { type: "time" }))),
    days(ctx),
    h("div.fields", null, field("Whose clock", clock, { hint: "A recipient’s own is that of the number’s country or area code." }).root, other, column),
    zones,
  );
  return {
    root,
    refresh() {
      root.hidden = !draft.hasWindow;
      const isAsked = draft.zone === "recipient" && draft.kind === "template" && hasColumns(ctx.list, ctx.read);
      drawColumn(isAsked ? ctx.list.upload?.columns ?? null : null);
    },
  };
}

const zonesOf = () => h("datalist", { id: "zones" }, Intl.supportedValuesOf("timeZone").map((name) => h("option", { value: name })));

function zoneColumn(ctx, columns) {
  const { draft } = ctx;
  if (!columns.includes(draft.zoneColumn)) draft.zoneColumn = "";
  const choice = select([["", "the number alone"], ...columns.map((name) => [name, name])], draft.zoneColumn);
  choice.addEventListener("change", () => {
    draft.zoneColumn = choice.value;
    ctx.changed("zoneColumn");
  });
  return field("Time zone from", choice, { hint: "A column with names such as Asia/Kolkata knows better than the number." }).root;
}

function days(ctx) {
  const { draft } = ctx;
  const one = (day) => {
    const input = h("input", { type: "checkbox", checked: draft.days.includes(day) });
    input.addEventListener("change", () => {
      draft.days = DAYS.filter((other) => (other === day ? input.checked : draft.days.includes(other)));
      ctx.changed("days");
    });
    return h("label.choice", null, input, daysSaid([day]));
  };
  const error = h("p.field-error", { hidden: true, role: "alert" });
  const fail = (message) => {
    error.hidden = !message;
    say(error, message ?? "");
  };
  ctx.fields.set("days", { fail });
  return h("fieldset", null, h("legend", null, "On these days"), h("div.choices", null, DAYS.map(one)), error);
}

function limits(ctx) {
  const { service } = ctx;
  const box_ = (name, more) => box(ctx, name, { type: "number", ...more });
  return h(
    "fieldset.limits",
    null,
    h("legend", null, "How fast"),
    h(
      "div.fields",
      null,
      told(ctx, "rate", "Messages a second", box_("rate", { min: 1, max: service.messagesPerSecond, placeholder: service.messagesPerSecond ?? "no limit" }), { hint: `At most ${pace(service.messagesPerSecond)}.` }),
      told(ctx, "loopSize", "Messages in a loop", box_("loopSize", { min: 1, max: service.loopSize, placeholder: service.loopSize }), { hint: `At most ${count(service.loopSize, "message")}.` }),
      told(ctx, "pause", "Pause, in seconds", box_("pause", { min: service.loopPauseMs / 1000, step: "any", placeholder: service.loopPauseMs / 1000 }), { hint: `Between two loops. At least ${duration(service.loopPauseMs / 1000)}.` }),
    ),
  );
}
