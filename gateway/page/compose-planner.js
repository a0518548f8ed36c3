// The plan of a draft: asked by a dry run once the draft is whole, anew whenever it changes.

import { plan } from "./compose-asks.js";
import { bringConstants, gone } from "./compose-lists.js";
import { orderOf } from "./compose-order.js";
import { whenBack } from "./compose-outcome.js";
import { fieldOf } from "./compose-problems.js";

/**
 * What `ctx.plan` may be. `asking` keeps the plan before it, to be shown as what it is: old.
 * @typedef {{state: "none"|"asking"|"told"|"refused"|"lost", order?: object, answer?: any}} Plan
 */

/** Ask for the plan of what is written now; nothing is asked as long as something is missing. */
export function askPlan(ctx) {
  ctx.told = null;
  if (ctx.problems.length) {
    ctx.asks.plan.stop();
    ctx.plan = { state: "none" };
    return;
  }
  const isPlan = ctx.plan.state === "told" || ctx.plan.state === "asking"; // else it is a no
  ctx.plan = { state: "asking", answer: isPlan ? ctx.plan.answer : undefined };
  ctx.asks.plan.ask((signal) => planned(ctx, signal));
}

async function planned(ctx, signal) {
  const lacking = await bringConstants(ctx, signal);
  if (signal.aborted) return;
  const order = orderOf(ctx.draft, ctx.list, ctx.read);
  const answer = lacking ?? (await plan(order, signal));
  if (signal.aborted) return;
  const refused = answer.ok ? answer.data.refused : answer;
  ctx.plan = refused ? refusedPlan(ctx, refused) : { state: "told", order, answer: answer.data };
  ctx.save();
  ctx.refresh();
}

/** What is told once: by the plan, and by the check of the list. */
const TOLD_ELSEWHERE = new Set(["Rows do not fill the template", "No valid recipients found"]);

/** A no, told at the field that it concerns. */
export function refusedPlan(ctx, refused) {
  if (refused.error === "Upload not found") setTimeout(() => gone(ctx));
  if (refused.status === 0) return lost(ctx, refused);
  ctx.told = TOLD_ELSEWHERE.has(refused.error) ? null : { field: fieldOf(refused, ctx.draft.keys), message: refused.message };
  return { state: "refused", answer: refused };
}

/** Nobody answered: it is asked anew once somebody does. */
function lost(ctx, answer) {
  whenBack(ctx, () => {
    if (ctx.plan.state !== "lost") return;
    askPlan(ctx);
    ctx.refresh();
  });
  return { state: "lost", answer };
}
