// What came of a press, told at its button. A no goes when the draft changes; no answer, when Loopcast answers again.

import { isThere } from "./compose-asks.js";
import { h, refill } from "./dom.js";
import { every } from "./live.js";

const ASKED_EVERY_MS = 2000;

/**
 * A place below a button. `tell(element, isNo)` shows what came of it, and brings it into view; a no
 * is forgotten with the draft that it was said of.
 */
export function outcomePart(ctx) {
  const root = h("div.outcome", { "aria-live": "polite" });
  let isError = false; // what is told now
  const clear = () => root.replaceChildren();
  ctx.onChange.push(() => isError && clear());
  const tell = (content, isNo = true) => {
    isError = isNo;
    refill(root, content);
    root.scrollIntoView({ block: "nearest" });
    return content;
  };
  return { root, clear, tell };
}

/** Do something once Loopcast answers again. It is asked until then, while this view is seen. */
export function whenBack(ctx, then) {
  ctx.waiting.push(then);
  ctx.watch ??= every(ASKED_EVERY_MS, () => look(ctx));
}

async function look(ctx) {
  if (!(await isThere()) || !ctx.watch) return;
  ctx.watch.stop();
  ctx.watch = null;
  for (const then of ctx.waiting.splice(0)) then();
}
