// What will happen, as a dry run says it, and the one button that makes it happen.

import { drawnOf } from "./compose-controls.js";
import { isFar } from "./compose-order.js";
import { peopleOf } from "./compose-people.js";
import { askPlan } from "./compose-planner.js";
import { missing } from "./compose-problems.js";
import { repeatsPart } from "./compose-repeats.js";
import { plainly, rejectedBesides, rowSaid, SANDBOX } from "./compose-said.js";
import { sendPart } from "./compose-send.js";
import { testPart } from "./compose-test.js";
import { busySeconds, going, leftOut, loopsSaid, meaning, sendLabel, timing, waits } from "./compose-words.js";
import { fill, h, refill, say } from "./dom.js";
import { busy, notice, refusal } from "./parts.js";
import { count, duration, figure, pace, time } from "./words.js";

const MOST_ROWS = 5;

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function planPart(ctx) {
  const place = h("div");
  const repeats = repeatsPart(ctx);
  const test = testPart(ctx);
  const why = h("p.hint.why", { id: "why" });
  const sending = sendPart(ctx);
  const button = h("button.primary.large", { type: "button", "aria-describedby": "why", onclick: sending.press });
  const sandbox = ctx.service.sandboxUrl ? h("p.hint", null, SANDBOX) : null;
  const draw = drawnOf(place, (where, plan) => refill(where, drawn(ctx, plan)));
  const live = h("p.unseen", { role: "status" });
  const root = fill(h("section.card.plan", { "aria-label": "Plan" }), h("h2", null, "What will happen"), repeats.root, place, test.root, sandbox, button, why, sending.outcome.root, live);
  return {
    root,
    refresh() {
      const { plan, draft } = ctx;
      repeats.refresh();
      test.refresh();
      place.classList.toggle("is-old", plan.state === "asking");
      draw({ state: plan.state, answer: plan.answer, numbers: numbersTwice(ctx) }, timing(draft));
      const isReady = plan.state === "told" && going(plan.answer) > 0;
      button.disabled = !isReady;
      busy(button, Boolean(ctx.isSending));
      say(button, ctx.isSending ? "Sending…" : sendLabel(plan.state === "refused" ? null : plan.answer, ctx.service.bulkFrom, Boolean(draft.start)));
      say(why, reason(ctx));
      if (plan.state === "told") say(live, `${meaning(plan.answer).join(", ")}.`);
    },
  };
}

/** How many numbers come twice; 0 where that is not known. */
function numbersTwice(ctx) {
  const rows = peopleOf(ctx);
  return rows.isSure ? rows.numbers : 0;
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

function drawn(ctx, { state, answer, numbers }) {
  if (state === "refused") return refused(ctx, answer);
  if (state === "lost") return refusal(answer, () => again(ctx));
  if (!answer) return h("p.muted", null, "Once everything is filled in, the plan stands here: how many loops, how long, and when it is done. Nothing is sent by looking at it.");
  return told(ctx, answer, numbers);
}

function again(ctx) {
  askPlan(ctx);
  ctx.refresh();
}

function refused(ctx, answer) {
  if (answer.error === "No valid recipients found") return notice("bad", null, h("p", null, "Nobody of this list can be sent to: beside the list it says why."));
  const isOfRows = answer.error === "Rows do not fill the template";
  const total = answer.details?.rowsTotal ?? 0;
  const words = isOfRows ? `${count(total, "row")} ${total === 1 ? "does" : "do"} not fill the template, so nothing can be sent yet.` : plainly(answer.message);
  return notice("bad", null, h("p", null, words), rowsOf(answer.details), isOfRows ? h("p", null, mending(ctx, total === 1 ? "it" : "them")) : null);
}

function rowsOf(details) {
  const rows = details?.rows ?? [];
  const all = details?.rowsTotal ?? rows.length;
  if (!rows.length) return null;
  const shown = rows.slice(0, MOST_ROWS).map((row) => h("li", null, rowSaid(row)));
  return h("ul.small", null, shown, all > shown.length ? h("li", null, `and ${figure(all - shown.length)} more`) : null);
}

/** What can be done about rows that lack something: the API knows no word in their place. */
function mending({ list }, what) {
  if (isFar(list)) return `Mend ${what} in your file and choose the file again.`;
  const again = list.kind === "file" ? "choose the file again" : "paste it again";
  return `Mend ${what} in your list and ${again}. Or choose “The same for everybody” under Values.`;
}

function told(ctx, plan, numbers) {
  return [
    h("p.plan-figure", null, h("strong", null, figure(going(plan))), ` ${going(plan) === 1 ? "recipient" : "recipients"}`),
    h("dl.plan-lines", null, lines(plan).map(([name, words]) => h("div", null, h("dt", null, name), h("dd", null, words)))),
    timing({ ...ctx.draft, start: "" }).map((words) => h("p.small", null, words)),
    remarks(ctx, plan, numbers),
  ];
}

function lines(plan) {
  const busy = busySeconds(plan);
  return [
    ["Loops", loopsSaid(plan)],
    plan.totalLoops > 1 ? ["Pauses", `of ${duration(plan.loopPauseMs / 1000)} between two loops`] : null,
    ["Rate", pace(plan.messagesPerSecond)],
    plan.scheduledAt || plan.durations.windowSeconds >= 1 ? ["Starts", plan.startsAt ? time(plan.startsAt) : "not within 60 days"] : null,
    ["Takes", plan.expectedEndAt ? `about ${duration(Math.max(busy, 1))}` : "more than 60 days"],
    ...waits(plan.durations).map(([words, long]) => ["Waits", `${long} ${words}`]),
    plan.expectedEndAt ? ["Done", `at ${time(plan.expectedEndAt)}`] : null,
  ].filter(Boolean);
}

function remarks({ check }, plan, numbers) {
  const { preflight, notes } = plan;
  const said = [
    ...leftOut({ ...plan, suppressed: 0 }, numbers), // the loops tell of who opted out
    ...rejectedBesides(plan, check).slice(0, MOST_ROWS).map((row) => `${rowSaid(row)}.`),
    preflight?.state === "skipped" ? `The template was not checked: ${preflight.reason}` : null,
    ...notes.filter((words) => !words.startsWith("No messaging limit")).map(plainly),
  ].filter(Boolean);
  return said.length ? h("ul.remarks", null, said.map((words) => h("li", null, words))) : null;
}
