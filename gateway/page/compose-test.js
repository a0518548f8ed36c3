// A test send: one message to a number of one's own, with the values of the row that is shown.

import { newKey } from "./api.js";
import { submit } from "./compose-asks.js";
import { bringConstants } from "./compose-lists.js";
import { testOf } from "./compose-order.js";
import { h, refill, say } from "./dom.js";
import { busy, field, notice, refusal } from "./parts.js";
import { figure } from "./words.js";

const OF_THE_LIST = new Set(["list", "column"]); // a test can do without these where the list is of numbers alone

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function testPart(ctx) {
  const to = field("Your number", h("input", { type: "tel", value: ctx.list.testTo, autocomplete: "tel", placeholder: "+49 1511 7654321" }));
  const outcome = h("div", { "aria-live": "polite" });
  const row = h("p.hint");
  to.control.addEventListener("input", () => {
    ctx.list.testTo = to.control.value;
    to.fail(null);
    ctx.save();
    ctx.refresh();
  });
  const press = async (event) => {
    event.preventDefault();
    if (ctx.isTesting) return;
    ctx.isTesting = true;
    busy(button, true);
    await test(ctx, to, outcome);
    ctx.isTesting = false;
    busy(button, false);
    ctx.refresh();
  };
  const button = h("button", { type: "submit" }, "Send a test");
  return {
    root: h("details.card.test", null, h("summary", null, "Test it on your own phone"), h("form", { onsubmit: press }, to.root, row, h("p.actions", null, button), outcome)),
    refresh() {
      button.disabled = !ctx.isTesting && (!ctx.list.testTo.trim() || lacking(ctx).length > 0);
      const isRow = ctx.read.kind === "table" || (ctx.list.kind === "file" && ctx.list.upload);
      say(row, lacking(ctx).length ? "First choose the number, the message and its values." : isRow ? `With the values of row ${figure(ctx.row)}. It goes at once.` : "It goes at once.");
    },
  };
}

function lacking({ problems, read, list }) {
  const isOfNumbers = read.kind !== "table" && !(list.kind === "file" && !list.text);
  return problems.filter((problem) => !(isOfNumbers && OF_THE_LIST.has(problem.field)));
}

/** Pressed again after no answer: the same key, one message. Pressed again after one: another. */
async function sentOnce(ctx) {
  const refused = await bringConstants(ctx, new AbortController().signal);
  if (refused) return refused;
  const order = testOf(ctx.draft, ctx.list, ctx.read, ctx.list.testTo.trim(), ctx.row);
  const about = JSON.stringify(order);
  if (ctx.tested?.about !== about) ctx.tested = { about, key: newKey() };
  const answer = await submit(order, ctx.tested.key);
  if (answer.status !== 0 && answer.status !== 503) ctx.tested = null;
  return answer;
}

async function test(ctx, to, outcome) {
  const answer = await sentOnce(ctx);
  if (!answer.ok) {
    const isNumber = answer.error === "No valid recipients found";
    to.fail(isNumber ? answer.details?.rejected?.[0]?.reason ?? answer.message : null);
    return refill(outcome, isNumber ? null : refusal(answer));
  }
  const link = h("a", { href: `#/jobs/${encodeURIComponent(answer.data.jobId)}` }, "See what becomes of it");
  return refill(outcome, notice("ok", null, h("p", null, "The test is on its way. ", ctx.app.may("read") ? [link, "."] : null)));
}
