// The button that sends, and what came of it. Pressed twice, or answered by nobody and pressed again: one job.

import { submit } from "./compose-asks.js";
import { sameOrderSameKey } from "./compose-order.js";
import { outcomePart, whenBack } from "./compose-outcome.js";
import { refusedPlan } from "./compose-planner.js";
import { lookAgain } from "./compose-repeats.js";
import { areSure } from "./compose-sure.js";
import { isBulk } from "./compose-words.js";
import { h } from "./dom.js";
import { notice, refusal } from "./parts.js";

/** @returns {{outcome: {root: HTMLElement}, press: function(): Promise<void>}} */
export function sendPart(ctx) {
  const outcome = outcomePart(ctx);
  return { outcome, press: () => pressed(ctx, outcome) };
}

async function pressed(ctx, outcome) {
  const { order, answer: plan } = ctx.plan;
  if (ctx.isSending || ctx.isAsking) return;
  outcome.clear();
  ctx.isAsking = true;
  const isSure = !isBulk(plan, ctx.service.bulkFrom) || (await areSure(ctx, plan));
  ctx.isAsking = false;
  if (isSure) await send(ctx, order, outcome);
}

async function send(ctx, order, outcome) {
  ctx.isSending = true;
  ctx.refresh();
  const answer = await submit(order, sameOrderSameKey(ctx.draft.id, order, ctx.list));
  ctx.isSending = false;
  if (answer.ok) return sent(ctx, answer.data);
  if (answer.status === 0 || answer.status === 503) inDoubt(ctx, answer, outcome);
  else if (answer.error === "Idempotency key reused") outcome.tell(before());
  else if (answer.status === 400 || answer.status === 404 || answer.status === 409) ctx.plan = refusedPlan(ctx, answer);
  else outcome.tell(refusal(answer));
  return ctx.refresh();
}

const AGAIN = "Press again: if it was made already, you get to the same job. Nobody is written to twice.";

function inDoubt(ctx, answer, outcome) {
  const told = outcome.tell(notice("warn", "No answer", h("p", null, answer.message), h("p", null, AGAIN)));
  whenBack(ctx, () => {
    lookAgain(ctx);
    if (told.isConnected) outcome.tell(notice("calm", "Loopcast answers again", h("p", null, AGAIN)));
  });
}

const before = () =>
  notice("warn", "It was sent before", h("p", null, "This message went to this list already: the answer was lost on its way. ", h("a", { href: "#/jobs" }, "Jobs"), " has it. To send it once more all the same, start over."));

function sent(ctx, made) {
  ctx.forget();
  ctx.app.announce(made.message);
  if (!ctx.app.may("read")) return ctx.close(made);
  return ctx.app.go(`#/jobs/${encodeURIComponent(made.jobId)}`);
}
