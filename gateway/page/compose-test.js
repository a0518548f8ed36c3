// A test send: one message to a number of one's own, with the values of the row that is shown.

import { newKey } from "./api.js";
import { submit } from "./compose-asks.js";
import { bringConstants } from "./compose-lists.js";
import { testOf } from "./compose-order.js";
import { outcomePart, whenBack } from "./compose-outcome.js";
import { peopleOf, rowName } from "./compose-people.js";
import { ownNumberSaid } from "./compose-said.js";
import { h, say } from "./dom.js";
import { busy, field, notice, refusal } from "./parts.js";

const OF_THE_LIST = new Set(["list", "column"]); // a test can do without these where the list is of numbers alone

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function testPart(ctx) {
  const to = field("Your number", h("input", { type: "tel", value: ctx.list.testTo, autocomplete: "tel", placeholder: "+49 1511 7654321" }));
  const outcome = outcomePart(ctx);
  const row = h("p.hint");
  to.control.addEventListener("input", () => {
    ctx.list.testTo = to.control.value;
    to.fail(null);
    ctx.save();
    ctx.refresh();
  });
  ctx.onChange.push(() => to.fail(null));
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
    root: h("details.test", null, h("summary", null, "First to yourself: send a test"), h("form", { onsubmit: press }, to.root, row, h("p.actions", null, button), outcome.root)),
    refresh() {
      button.disabled = !ctx.isTesting && (!ctx.list.testTo.trim() || lacking(ctx).length > 0);
      say(row, rowWords(ctx));
    },
  };
}

function rowWords(ctx) {
  if (lacking(ctx).length) return "First choose the number, the message and its values.";
  const isRow = ctx.read.kind === "table" || (ctx.list.kind === "file" && ctx.list.upload);
  return isRow ? `With the values of ${rowName(peopleOf(ctx), ctx.row)}. It goes at once.` : "It goes at once.";
}

function lacking({ problems, read, list }) {
  const isOfNumbers = read.kind !== "table" && !(list.kind === "file" && !list.text);
  return problems.filter((problem) => !(isOfNumbers && OF_THE_LIST.has(problem.field)));
}

async function test(ctx, to, outcome) {
  to.fail(null);
  outcome.clear();
  const refused = await bringConstants(ctx, new AbortController().signal);
  const answer = refused ?? (await sendTest(ctx));
  if (answer.ok) return outcome.tell(onItsWay(ctx, answer.data), false);
  if (answer.status === 0 || answer.status === 503) return inDoubt(ctx, answer, outcome);
  if (answer.error !== "No valid recipients found") return outcome.tell(refusal(answer));
  to.fail(ownNumberSaid(answer.details?.rejected?.[0]?.reason ?? answer.message));
  return to.root.scrollIntoView({ block: "nearest" });
}

/** Pressed again after no answer: the same key, one message. */
async function sendTest(ctx) {
  const order = testOf(ctx.draft, ctx.list, ctx.read, ctx.list.testTo.trim(), ctx.row);
  const about = JSON.stringify(order);
  if (ctx.test?.about !== about) ctx.test = { about, key: newKey() };
  const answer = await submit(order, ctx.test.key);
  if (answer.status !== 0 && answer.status !== 503) ctx.test = null;
  return answer;
}

function onItsWay({ app }, { jobId }) {
  const link = h("a", { href: `#/jobs/${encodeURIComponent(jobId)}` }, "See what becomes of it");
  return notice("ok", null, h("p", null, "The test is on its way. ", app.may("read") ? [link, "."] : null));
}

const AGAIN = "Press again: you get one test, even if the first has left.";

function inDoubt(ctx, answer, outcome) {
  const told = outcome.tell(notice("warn", "No answer", h("p", null, answer.message), h("p", null, AGAIN)));
  whenBack(ctx, () => told.isConnected && outcome.tell(notice("calm", "Loopcast answers again", h("p", null, AGAIN))));
}
