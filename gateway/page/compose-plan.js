// What will happen, as a dry run says it, and the one button that makes it happen.

import { submit } from "./compose-asks.js";
import { drawnOf } from "./compose-controls.js";
import { sameOrderSameKey } from "./compose-order.js";
import { askPlan, refusedPlan } from "./compose-planner.js";
import { missing } from "./compose-problems.js";
import { plainly } from "./compose-said.js";
import { going, loops, busySeconds, meaning, sendLabel, timing, waits } from "./compose-words.js";
import { h, refill, say } from "./dom.js";
import { busy, notice, refusal } from "./parts.js";
import { count, duration, figure, pace, time } from "./words.js";

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function planPart(ctx) {
  const place = h("div");
  const why = h("p.hint.why", { id: "why" });
  const outcome = h("div");
  const button = h("button.primary.large", { type: "button", "aria-describedby": "why", onclick: () => send(ctx, outcome) });
  const draw = drawnOf(place, (where, plan) => refill(where, drawn(ctx, plan)));
  const live = h("p.unseen", { role: "status" });
  return {
    root: h("section.card.plan", { "aria-label": "Plan" }, h("h2", null, "What will happen"), place, button, why, outcome, live),
    refresh() {
      const { plan, draft } = ctx;
      place.classList.toggle("is-old", plan.state === "asking");
      draw({ state: plan.state, answer: plan.answer }, timing(draft));
      const isReady = plan.state === "told" && going(plan.answer) > 0;
      button.disabled = !isReady;
      busy(button, Boolean(ctx.isSending));
      say(button, ctx.isSending ? "Sending…" : sendLabel(plan.state === "refused" ? null : plan.answer, ctx.service.bulkFrom, Boolean(draft.start)));
      say(why, reason(ctx));
      if (plan.state === "told") say(live, `${meaning(plan.answer).join(", ")}.`);
    },
  };
}

/** Why the button cannot be pressed; "" when it can. */
function reason({ plan, problems, isSending }) {
  if (isSending) return "";
  const wrong = problems.filter((problem) => !problem.isMissing);
  if (wrong.length) return `${count(wrong.length, "field")} above ${wrong.length === 1 ? "has" : "have"} to be mended first.`;
  if (problems.length) return missing(problems);
  if (plan.state === "asking") return "Working out the plan…";
  if (plan.state === "refused") return "It cannot be sent like this: see above.";
  if (plan.state === "lost") return "There is no plan: Loopcast did not answer.";
  return plan.state === "told" && !going(plan.answer) ? "All of them have opted out: nobody would get it." : "";
}

function drawn(ctx, { state, answer }) {
  if (state === "refused") return [notice("bad", null, h("p", null, plainly(answer.message)), rowsOf(answer.details))];
  if (state === "lost") return refusal(answer, () => again(ctx));
  if (!answer) return h("p.muted", null, "Once everything is filled in, the plan stands here: how many loops, how long, and when it is done. Nothing is sent by looking at it.");
  return told(ctx, answer);
}

function again(ctx) {
  askPlan(ctx);
  ctx.refresh();
}

function rowsOf(details) {
  const rows = details?.rows ?? details?.rejected ?? [];
  const all = details?.rowsTotal ?? details?.rejectedTotal ?? rows.length;
  if (!rows.length) return null;
  const shown = rows.slice(0, 5).map((row) => h("li", null, `Line ${figure(row.line)}: ${row.value} – ${row.reason}`));
  return h("ul.small", null, shown, all > shown.length ? h("li", null, `and ${figure(all - shown.length)} more`) : null);
}

function told(ctx, plan) {
  const isBulk = plan.accepted > ctx.service.bulkFrom;
  return [
    h("p.plan-figure", null, h("strong", null, figure(going(plan))), ` ${going(plan) === 1 ? "recipient" : "recipients"}`, isBulk ? h("span.badge.live", null, "bulk") : null),
    h("dl.plan-lines", null, lines(plan).map(([name, words]) => h("div", null, h("dt", null, name), h("dd", null, words)))),
    timing({ ...ctx.draft, start: "" }).map((words) => h("p.small", null, words)),
    remarks(plan),
  ];
}

function lines(plan) {
  const busy = busySeconds(plan);
  return [
    ["Loops", loops(plan.accepted, plan.loopSize)],
    plan.totalLoops > 1 ? ["Pauses", `of ${duration(plan.loopPauseMs / 1000)} between two loops`] : null,
    ["Rate", pace(plan.messagesPerSecond)],
    plan.scheduledAt || plan.durations.windowSeconds >= 1 ? ["Starts", plan.startsAt ? time(plan.startsAt) : "not within 60 days"] : null,
    ["Takes", plan.expectedEndAt ? `about ${duration(Math.max(busy, 1))}` : "more than 60 days"],
    ...waits(plan.durations).map(([words, long]) => ["Waits", `${long} ${words}`]),
    plan.expectedEndAt ? ["Done", `at ${time(plan.expectedEndAt)}`] : null,
  ].filter(Boolean);
}

function remarks(plan) {
  const { preflight, suppressed, rejectedTotal, notes } = plan;
  const said = [
    suppressed ? `${count(suppressed, "recipient")} opted out, and will be skipped.` : null,
    rejectedTotal ? `${count(rejectedTotal, "line")} rejected and left out.` : null,
    preflight?.state === "skipped" ? `The template was not checked: ${preflight.reason}` : null,
    ...notes.filter((words) => !words.startsWith("No messaging limit")),
  ].filter(Boolean);
  return said.length ? h("ul.remarks", null, said.map((words) => h("li", null, words))) : null;
}

/** Pressed twice, or answered by nobody and pressed again: the same key, one job. */
async function send(ctx, outcome) {
  const { order } = ctx.plan;
  if (ctx.isSending) return;
  ctx.isSending = true;
  outcome.replaceChildren();
  ctx.refresh();
  const answer = await submit(order, sameOrderSameKey(ctx.draft.id, order, ctx.list));
  ctx.isSending = false;
  if (answer.ok) return sent(ctx, answer.data);
  if (answer.status === 0 || answer.status === 503) {
    refill(outcome, notice("warn", "No answer", h("p", null, answer.message), h("p", null, "Press again: if it was made already, you get to the same job. Nobody is written to twice.")));
  } else if (answer.error === "Idempotency key reused") refill(outcome, before());
  else if (answer.status === 400 || answer.status === 404 || answer.status === 409) ctx.plan = refusedPlan(ctx, answer);
  else refill(outcome, refusal(answer));
  return ctx.refresh();
}

const before = () =>
  notice("warn", "It was sent before", h("p", null, "This message went to this list already: the answer was lost on its way. ", h("a", { href: "#/jobs" }, "Jobs"), " has it. To send it once more all the same, start over."));

function sent(ctx, made) {
  ctx.forget();
  ctx.app.announce(made.message);
  if (!ctx.app.may("read")) return ctx.close(made);
  return ctx.app.go(`#/jobs/${encodeURIComponent(made.jobId)}`);
}
