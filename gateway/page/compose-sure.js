// The one question before a bulk send: to how many, what the first will read, who is left out.

import { shown } from "./asking.js";
import { firstBubble } from "./compose-bubble.js";
import { numberName } from "./compose-from.js";
import { busySeconds, going, hours, leftOut } from "./compose-words.js";
import { peopleOf } from "./compose-people.js";
import { repeatsNotice } from "./compose-repeats.js";
import { SANDBOX } from "./compose-said.js";
import { fill, h, unique } from "./dom.js";
import { count, duration, time } from "./words.js";

const SECOND_CLICK_MS = 400; // the second half of a double click on the button answers nothing

/** @returns {Promise<boolean>} whether it shall go; Esc and Back say no */
export function areSure(ctx, plan) {
  const heading = unique("sure");
  const dialog = h("dialog.sure", { "aria-labelledby": heading });
  const yes = h("button.primary", { type: "submit", value: "yes", disabled: true }, ctx.draft.start ? "Schedule" : "Send");
  const no = h("button", { type: "submit", value: "no", autofocus: true }, "Back");
  fill(
    dialog,
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: heading }, `${ctx.draft.start ? "Schedule for" : "Send to"} ${count(going(plan), "recipient")}?`),
      repeatsNotice(ctx),
      h("div.phone", null, firstBubble(ctx)),
      h("dl.plan-lines", null, facts(ctx, plan).map(([name, words]) => h("div", null, h("dt", null, name), h("dd", null, words)))),
      ctx.service.sandboxUrl ? h("p.small", null, SANDBOX) : null,
      h("p.actions", null, yes, no),
    ),
  );
  dialog.addEventListener("mousedown", (event) => yes.disabled && event.preventDefault()); // nor does it take the focus
  setTimeout(() => (yes.disabled = false), SECOND_CLICK_MS);
  return shown(dialog, () => dialog.returnValue === "yes");
}

function facts(ctx, plan) {
  const rows = peopleOf(ctx);
  const busy = Math.max(busySeconds(plan), 1);
  const out = leftOut(plan, rows.isSure ? rows.numbers : 0);
  return [
    ["From", numberName(ctx)],
    plan.scheduledAt ? ["Starts", time(plan.startsAt ?? plan.scheduledAt)] : null,
    ctx.draft.hasWindow ? ["Hours", hours(ctx.draft)] : null,
    ["Takes", plan.expectedEndAt ? `about ${duration(busy)}, done at ${time(plan.expectedEndAt)}` : "more than 60 days"],
    out.length ? ["Left out", out.map((words) => h("p", null, words))] : null,
  ].filter(Boolean);
}
